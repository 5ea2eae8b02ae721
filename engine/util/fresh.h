/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_UTIL_FRESH_H
#define ENGINE_UTIL_FRESH_H

#include <stdbool.h>
#include <stdint.h>

/* Is it a directory as mkdir(2) with mode 0700 makes it for us, born at `time_ns` (CLOCK_REALTIME)
 * or later? False where the filesystem has no time of birth. `flags` as for statx(2). */
bool fresh_directory(int parent_fd, const char *name, int flags, int64_t time_ns);

#endif
