/* SPDX-License-Identifier: MIT */
/* Names in messages, quoted as a shell would take them back. */
#ifndef ENGINE_UTIL_QUOTE_H
#define ENGINE_UTIL_QUOTE_H

#include <stddef.h>

/* Writes `name` into `ret_text` the way GNU's file utilities quote it in their messages: always in
 * single quotes, in double quotes when it holds a single quote and nothing that these would
 * change, and what can't be printed as $'\n' or $'\377' between them. Cut, but always ended by a
 * NUL, when it does not fit. Returns ret_text. */
const char *quote_name(const char *name, char *ret_text, size_t capacity);

#define QUOTE_BYTES (4 * 4096 + 64) /* holds any path that a system call takes */

#endif
