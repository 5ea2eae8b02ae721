/* SPDX-License-Identifier: MIT */
#include "top/text.h"

#include <string.h>

void top_text_start(struct top_text *text, const char *data, size_t bytes)
{
	text->bytes = bytes < TOP_TEXT_BYTES ? bytes : TOP_TEXT_BYTES;
	memcpy(text->data, data, text->bytes);
}

void top_text_end(struct top_text *text, const char *data, size_t bytes)
{
	size_t cut = bytes > TOP_TEXT_BYTES ? bytes - TOP_TEXT_BYTES : 0;

	top_text_start(text, data + cut, bytes - cut);
}
