/* SPDX-License-Identifier: MIT */
#include "top/keys.h"

#define ESCAPE 033

static int meaning(char last)
{
	switch (last) {
	case 'A':
		return KEY_UP;
	case 'B':
		return KEY_DOWN;
	case 'H':
		return KEY_FIRST;
	case 'F':
		return KEY_LAST;
	default:
		return KEY_UNKNOWN;
	}
}

/* ESC [ parameters letter, or ESC O letter where the arrow keys are in application mode. */
size_t keys_next(const char *data, size_t bytes, int *ret_key)
{
	size_t at = 2;

	*ret_key = (unsigned char)data[0];
	if (data[0] != ESCAPE || bytes < 2)
		return 1;
	*ret_key = KEY_UNKNOWN;
	if (data[1] != '[' && data[1] != 'O')
		return 2;
	while (at < bytes && data[at] >= 0x20 && data[at] < 0x40)
		at++;
	if (at == bytes)
		return bytes;
	if (at == 2)
		*ret_key = meaning(data[at]);
	return at + 1;
}
