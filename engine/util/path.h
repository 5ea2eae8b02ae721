/* SPDX-License-Identifier: MIT */
/* Paths as text. Each function returns a string that the caller frees, or NULL without memory. */
#ifndef ENGINE_UTIL_PATH_H
#define ENGINE_UTIL_PATH_H

#include <stdbool.h>

/* The last component, without slashes behind it: "b" of "a/b//". "." for what has no name of its
 * own: "/", "", "..". */
char *path_last(const char *path);

/* What is before the last component: "a" of "a/b", "/" of "/b", "" of "b". Slashes at the end
 * count as a component's beginning: strip them first. */
char *path_directory(const char *path);

/* Without slashes at its end, but for the root's. */
char *path_stripped(const char *path);

/* "directory/name", with one slash between; the directory alone for the name ".". */
char *path_join(const char *directory, const char *name);

#endif
