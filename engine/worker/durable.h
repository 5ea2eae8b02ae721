/* SPDX-License-Identifier: MIT */
/* What an earlier run of the job left. */
#ifndef ENGINE_WORKER_DURABLE_H
#define ENGINE_WORKER_DURABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "worker/executor.h"

/* Does the copy of this entry, which the journal calls durable, still stand as it was then? Nobody
 * can change a file without moving its time of change. Filesystems that have none show that of
 * modification in its place, which is the source's where times are kept. */
bool durable_copy_stands(const struct executor *executor, const struct work *work,
	const struct wire_entry *entry, const char *target_name);

/* Was this made by this run of the job? Where that can't be told, true if there was no earlier one.
 */
bool durable_is_of_this_run(const struct executor *executor, const struct stat *status);

#endif
