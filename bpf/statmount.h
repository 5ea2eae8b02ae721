/* SPDX-License-Identifier: MIT */
/*
 * listmount(2) and statmount(2), by number: the C libraries of today don't have them. The layouts
 * are those of the kernel's include/uapi/linux/mount.h.
 */
#ifndef BPF_STATMOUNT_H
#define BPF_STATMOUNT_H

#include <stdbool.h>

#include "bpf/mount_table.h"

/* Whether the kernel has both calls and tells each member of struct mount_info. */
bool statmount_works(void);

/* The mounts of this process's namespace below its root. */
int statmount_table(struct mount_table *ret_table);

#endif
