/* SPDX-License-Identifier: MIT */
/* Types of files in GNU's words. */
#ifndef ENGINE_UTIL_FILE_KIND_H
#define ENGINE_UTIL_FILE_KIND_H

#include <sys/types.h>

const char *file_kind(mode_t mode);

#endif
