/* SPDX-License-Identifier: MIT */
/*
 * What the kernel has accepted and is still writing, when a job has nothing to do but wait for it.
 * No call tells how far a sync is, so it is estimated: from what the devices say that they have
 * written since, and from what the system says that it has to write at all.
 */
#ifndef ENGINE_JOB_WRITEBACK_H
#define ENGINE_JOB_WRITEBACK_H

#include <stdbool.h>
#include <stdint.h>

struct writeback {
	bool awaited;
	uint64_t first_bytes;   /* unwritten when that began */
	uint64_t first_written; /* by the devices, in bytes, ever */
	uint64_t due_ns;        /* when to look again (CLOCK_MONOTONIC) */
};

#endif
