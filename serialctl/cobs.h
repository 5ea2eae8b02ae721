/* SPDX-License-Identifier: MIT */
/*
 * Consistent overhead byte stuffing (Cheshire and Baker, 1999): a frame without zero bytes, so that
 * a zero can end it. Each code byte tells how far it is to where the next zero was.
 */
#ifndef SERIALCTL_COBS_H
#define SERIALCTL_COBS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The longest that `bytes` of data can become, the final zero included. */
#define COBS_ENCODED_BYTES(bytes) ((size_t)(bytes) + (size_t)(bytes) / 254 + 2)

/* Encodes a frame and the zero that ends it. Returns its length. `ret_frame` has room for
 * COBS_ENCODED_BYTES(bytes). */
size_t cobs_encode(const uint8_t *data, size_t bytes, uint8_t *ret_frame);

/* Decodes what stood between two zeros; `ret_data` may be the same memory. Returns the length, or
 * -EPROTO when a code byte points past the end. */
ssize_t cobs_decode(const uint8_t *frame, size_t bytes, uint8_t *ret_data);

#endif
