/* SPDX-License-Identifier: MIT */
#include "util/base64.h"

#include <stdint.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(const void *data, size_t bytes, char *ret_text)
{
	const unsigned char *byte = data;

	for (; bytes; byte += 3, ret_text += 4) {
		size_t taken = bytes < 3 ? bytes : 3;
		uint32_t group = (uint32_t)byte[0] << 16;

		if (taken > 1)
			group |= (uint32_t)byte[1] << 8;
		if (taken > 2)
			group |= byte[2];
		ret_text[0] = digits[group >> 18];
		ret_text[1] = digits[group >> 12 & 63];
		ret_text[2] = taken > 1 ? digits[group >> 6 & 63] : '=';
		ret_text[3] = taken > 2 ? digits[group & 63] : '=';
		bytes -= taken;
	}
}
