/* SPDX-License-Identifier: MIT */
/* Loads the BPF program that fits the running kernel, and reads what it tells. */
#ifndef BPF_LOADER_H
#define BPF_LOADER_H

#include <stddef.h>
#include <stdint.h>

enum loader_variant {
	LOADER_CORE,  /* with BTF: namespaces and mount ids, too */
	LOADER_PLAIN, /* what the system calls tell */
};

/* Which step was refused, for the message that says what is missing. */
enum loader_step {
	LOADER_STEP_NONE,
	LOADER_STEP_BUILD,  /* haul was built without BPF: -ENOSYS */
	LOADER_STEP_LOAD,   /* CAP_BPF, CAP_PERFMON */
	LOADER_STEP_TRACE,  /* tracefs: CAP_DAC_READ_SEARCH, or CAP_SYS_ADMIN to mount it */
	LOADER_STEP_ATTACH, /* CAP_PERFMON */
};

struct loader;

/* Loads and attaches. On failure *ret_step is set. What needs privilege is over when it returns. */
int loader_open(struct loader **ret_loader, enum loader_step *ret_step);
void loader_close(struct loader *loader); /* NULL is fine */

enum loader_variant loader_variant(const struct loader *loader);

/* Readable when there are records. */
int loader_fd(const struct loader *loader);

/* Calls `take` for each waiting record; stops when it returns other than 0, and returns that. */
typedef int loader_take_fn(const void *data, size_t bytes, void *context);
int loader_read(struct loader *loader, loader_take_fn *take, void *context);

/* How many records the program could not deliver, since it was loaded. */
uint64_t loader_dropped(const struct loader *loader);

#endif
