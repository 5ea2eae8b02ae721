/* SPDX-License-Identifier: MIT */
/* UTF-8 that may be broken: file names are only bytes. */
#ifndef ENGINE_UTIL_UTF8_H
#define ENGINE_UTIL_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_INVALID     UINT32_MAX
#define UTF8_REPLACEMENT UINT32_C(0xfffd)
#define UTF8_BYTES       4 /* the longest character */

/* Decodes the first character of `data`, which holds at least one byte, and returns its length.
 * What is no character gives UTF8_INVALID and the length of the longest part that could have begun
 * one, at least 1: each such part is replaced by one replacement character (Unicode 15, 3.9). */
size_t utf8_next(const char *data, size_t bytes, uint32_t *ret_code);

bool utf8_valid(const char *data, size_t bytes);

/* Encodes a valid code point and returns its length. */
size_t utf8_put(uint32_t code, char ret_text[UTF8_BYTES]);

#endif
