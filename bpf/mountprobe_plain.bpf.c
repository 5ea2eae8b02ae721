// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* The probe for kernels without BTF: what the system calls tell, and nothing more. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "bpf/mountprobe_calls.bpf.h"

static __always_inline void describe_kernel_side(struct mountprobe_record *record)
{
	(void)record;
}
