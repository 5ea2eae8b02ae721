/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_UTIL_EMPTY_H
#define ENGINE_UTIL_EMPTY_H

/* Is this a directory with nothing in it? 1, 0, or -errno of opening it. */
int empty_directory(int directory_fd, const char *name);

#endif
