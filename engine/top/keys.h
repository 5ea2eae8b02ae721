/* SPDX-License-Identifier: MIT */
/* Keys as a terminal sends them: most are a character, some a sequence of them. */
#ifndef ENGINE_TOP_KEYS_H
#define ENGINE_TOP_KEYS_H

#include <stddef.h>

enum key {
	KEY_UNKNOWN = 256, /* below: the character */
	KEY_UP,
	KEY_DOWN,
	KEY_FIRST,
	KEY_LAST,
};

/* The first key of `data`, which holds at least one byte. Returns how many bytes it took. A
 * sequence arrives in one piece: an escape character with nothing behind it is the key of that
 * name. */
size_t keys_next(const char *data, size_t bytes, int *ret_key);

#endif
