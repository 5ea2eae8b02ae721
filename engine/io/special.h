/* SPDX-License-Identifier: MIT */
/* What has no content to move: symlinks, FIFOs, sockets, device nodes. */
#ifndef ENGINE_IO_SPECIAL_H
#define ENGINE_IO_SPECIAL_H

#include <stddef.h>
#include <sys/stat.h>

/* Reads a symlink into memory that the caller frees. `expected_bytes` is what stat(2) told. */
int special_read_link(int directory_fd, const char *name, size_t expected_bytes, char **ret_link);

/* Makes a symlink to `link`, or, when that is NULL, a node of the source's type and device number
 * that nobody but its owner may open. -EEXIST. */
int special_make(int directory_fd, const char *name, const struct stat *source, const char *link);

#endif
