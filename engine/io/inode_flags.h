/* SPDX-License-Identifier: MIT */
/*
 * What chattr(1) sets, and the project id, as far as both mean something elsewhere: immutable,
 * append-only, no dump, no access times, synchronous, and (of a directory) that new files get its
 * project id. Of the first two nothing can be renamed, linked or written any more, and a name moves
 * only between directories of one project, so they come last, when the copy has its name.
 */
#ifndef ENGINE_IO_INODE_FLAGS_H
#define ENGINE_IO_INODE_FLAGS_H

#include <stdbool.h>

#include "io/filesystem.h"

/* Gives an open file or directory the flags and the project id of another one, if that has any.
 * `has_names_to_come`: the copy is to get further names, which those flags that forbid them must
 * wait for. `source_filesystem` is the source's. 0; -EOPNOTSUPP: the target's filesystem can't hold
 * all of them, -EPERM: the caller may not set them, -EMLINK: they would forbid the names to come;
 * what can be set is set all the same. -errno of ioctl(2). */
int inode_flags_copy(
	int source_fd, struct filesystem *source_filesystem, int target_fd, bool has_names_to_come);

#endif
