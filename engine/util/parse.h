/* SPDX-License-Identifier: MIT */
/* Numbers as people type them. All of the text must be the number: no blanks, no sign. */
#ifndef ENGINE_UTIL_PARSE_H
#define ENGINE_UTIL_PARSE_H

#include <stdint.h>

/* -EINVAL when it isn't a decimal number, -ERANGE when it doesn't fit. */
int parse_number(const char *text, uint64_t *ret_number);

/* Bytes, with the suffixes of GNU's tools: K, M, G, T, P, E and KiB, MiB, … are powers of 1024,
 * kB or KB, MB, … powers of 1000. -EINVAL or -ERANGE. */
int parse_size(const char *text, uint64_t *ret_bytes);

/* The same, where a decimal fraction may precede the suffix: "1.5G". What is left of a byte is cut.
 */
int parse_size_decimal(const char *text, uint64_t *ret_bytes);

#endif
