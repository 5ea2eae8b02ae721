/* SPDX-License-Identifier: MIT */
/* SLIP framing, RFC 1055: END after each frame, END and ESC escaped within. */
#ifndef SERIALCTL_SLIP_H
#define SERIALCTL_SLIP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum slip_byte {
	SLIP_END = 0xc0,
	SLIP_ESC = 0xdb,
	SLIP_ESC_END = 0xdc,
	SLIP_ESC_ESC = 0xdd,
};

/* The longest that `bytes` of data can become: an END on both sides, everything escaped. */
#define SLIP_ENCODED_BYTES(bytes) (2 * (size_t)(bytes) + 2)

/* Encodes a frame, an END before it (which ends any noise) and one after. Returns its length.
 * `ret_frame` has room for SLIP_ENCODED_BYTES(bytes). */
size_t slip_encode(const uint8_t *data, size_t bytes, uint8_t *ret_frame);

/* Decodes what stood between two ENDs; `ret_data` may be the same memory. Returns the length, or
 * -EPROTO when an ESC is followed by anything else than the two it may. */
ssize_t slip_decode(const uint8_t *frame, size_t bytes, uint8_t *ret_data);

#endif
