/* SPDX-License-Identifier: MIT */
#include "serialctl/cobs.h"

#include <errno.h>
#include <string.h>

#define COBS_FULL 0xffu /* 254 bytes follow, and no zero after them */

size_t cobs_encode(const uint8_t *data, size_t bytes, uint8_t *ret_frame)
{
	size_t code = 0, used = 1;

	for (size_t i = 0; i < bytes; i++) {
		if (used - code == COBS_FULL) {
			ret_frame[code] = COBS_FULL;
			code = used++;
		}
		if (data[i]) {
			ret_frame[used++] = data[i];
			continue;
		}
		ret_frame[code] = (uint8_t)(used - code);
		code = used++;
	}
	ret_frame[code] = (uint8_t)(used - code);
	ret_frame[used++] = 0;
	return used;
}

ssize_t cobs_decode(const uint8_t *frame, size_t bytes, uint8_t *ret_data)
{
	size_t used = 0, i = 0;

	while (i < bytes) {
		uint8_t code = frame[i++];

		if (code == 0 || code - 1u > bytes - i)
			return -EPROTO;
		memmove(ret_data + used, frame + i, code - 1u);
		used += code - 1u;
		i += code - 1u;
		if (code != COBS_FULL && i < bytes)
			ret_data[used++] = 0;
	}
	return (ssize_t)used;
}
