/* SPDX-License-Identifier: MIT */
/* Opens directories by a path below another directory, without ever leaving that. */
#ifndef ENGINE_IO_RESOLVE_H
#define ENGINE_IO_RESOLVE_H

#include <stdbool.h>

/* `path` is relative, "" for the directory itself, and may be longer than PATH_MAX. Unless
 * `follow`, symlinks in it are refused with -ELOOP or -ENOTDIR. *step_by_step is kept between
 * calls: it turns true when the kernel has no openat2. */
int resolve_directory(int root_fd, const char *path, bool follow, bool *step_by_step, int *ret_fd);

/* The same with O_PATH: needs no permission to read, and gives none. */
int resolve_directory_path(
	int root_fd, const char *path, bool follow, bool *step_by_step, int *ret_fd);

#endif
