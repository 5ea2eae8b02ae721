/* SPDX-License-Identifier: MIT */
/* Files that hold names or patterns, one a line, as rsync reads them: empty lines and those that
 * begin with '#' or ';' mean nothing, and a carriage return ends a line, too. */
#ifndef ENGINE_UTIL_NAME_FILE_H
#define ENGINE_UTIL_NAME_FILE_H

#include <stdbool.h>

/* Calls `take` with each name, until it returns other than 0, and returns that. "-" is standard
 * input. With `nul`, names end with a NUL instead. -errno of open(2) or read(2), -ENOMEM. */
int name_file_read(
	const char *path, bool nul, int (*take)(void *context, const char *name), void *context);

#endif
