/* SPDX-License-Identifier: MIT */
/* Text of somebody else's (a path, a line from a serial port) of which as much is kept as a screen
 * can show. */
#ifndef ENGINE_TOP_TEXT_H
#define ENGINE_TOP_TEXT_H

#include <stddef.h>

#define TOP_TEXT_BYTES 1024u

struct top_text {
	char data[TOP_TEXT_BYTES]; /* no NUL at the end */
	size_t bytes;
};

/* Keeps the beginning, and the end: paths differ there. */
void top_text_start(struct top_text *text, const char *data, size_t bytes);
void top_text_end(struct top_text *text, const char *data, size_t bytes);

#endif
