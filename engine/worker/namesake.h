/* SPDX-License-Identifier: MIT */
/*
 * Filesystems that take "Makefile" and "makefile" for one name (exFAT, directories that fold case)
 * would merge two files of a source into one.
 */
#ifndef ENGINE_WORKER_NAMESAKE_H
#define ENGINE_WORKER_NAMESAKE_H

#include <stdbool.h>

#include "io/tree.h"

/* The target has `name`. Is that the copy of another entry of the source directory, of a name that
 * the target takes for the same, and not of the same file? The look at the source's names is made
 * once for each directory, and not at all where the target tells case apart. */
bool namesake_merges(
	struct tree_directory *source, struct tree_directory *target, const char *name);

/* The same of a copy that is over, when names of the source may be gone. */
bool namesake_has_place(struct tree_directory *target, const char *name);

/* Is what the target has under `name` spelled otherwise there? */
bool namesake_is_spelled_otherwise(const struct tree_directory *target, const char *name);

#endif
