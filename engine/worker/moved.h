/* SPDX-License-Identifier: MIT */
/* May what was copied be removed from the source? */
#ifndef ENGINE_WORKER_MOVED_H
#define ENGINE_WORKER_MOVED_H

#include "worker/executor.h"

/* In a move only that goes which the destination holds, as it was when it was copied. 0; -EBUSY:
 * it was changed since; -EEXIST: it was not copied. Of anything but a move, 0. */
int moved_check(const struct executor *executor, const struct work *work, const char *name,
	const char *target_name);

/* In a move that is resumed: is what has the name the file's copy, by which it has further names?
 * Copying it again would part it from those, whose sources may be gone. */
bool moved_copy_stands(const struct executor *executor, const struct work *work, const char *name,
	const char *target_name, const struct stat *source);

#endif
