/* SPDX-License-Identifier: MIT */
#include "serialctl/slip.h"

#include <errno.h>

size_t slip_encode(const uint8_t *data, size_t bytes, uint8_t *ret_frame)
{
	size_t used = 0;

	ret_frame[used++] = SLIP_END;
	for (size_t i = 0; i < bytes; i++) {
		if (data[i] != SLIP_END && data[i] != SLIP_ESC) {
			ret_frame[used++] = data[i];
			continue;
		}
		ret_frame[used++] = SLIP_ESC;
		ret_frame[used++] = data[i] == SLIP_END ? SLIP_ESC_END : SLIP_ESC_ESC;
	}
	ret_frame[used++] = SLIP_END;
	return used;
}

ssize_t slip_decode(const uint8_t *frame, size_t bytes, uint8_t *ret_data)
{
	size_t used = 0;

	for (size_t i = 0; i < bytes; i++) {
		if (frame[i] != SLIP_ESC) {
			ret_data[used++] = frame[i];
			continue;
		}
		if (++i == bytes || (frame[i] != SLIP_ESC_END && frame[i] != SLIP_ESC_ESC))
			return -EPROTO;
		ret_data[used++] = frame[i] == SLIP_ESC_END ? SLIP_END : SLIP_ESC;
	}
	return (ssize_t)used;
}
