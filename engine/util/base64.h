/* SPDX-License-Identifier: MIT */
/* Base64 as RFC 4648, section 4, has it: with padding, on one line. */
#ifndef ENGINE_UTIL_BASE64_H
#define ENGINE_UTIL_BASE64_H

#include <stddef.h>

/* How long the encoded form is, without a NUL. */
#define BASE64_BYTES(bytes) (((bytes) + 2) / 3 * 4)

/* Writes BASE64_BYTES(bytes) characters and no NUL. */
void base64_encode(const void *data, size_t bytes, char *ret_text);

#endif
