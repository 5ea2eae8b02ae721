/* SPDX-License-Identifier: MIT */
#include "cli/screen.h"

#include <stdio.h>

#define HEX_COLUMNS 16u

static size_t show_time(const struct screen *screen, uint32_t time_ms, char *ret_text)
{
	if (!(screen->view & SCREEN_TIME) || screen->within_line)
		return 0;
	return (size_t)sprintf(ret_text, "[%02u:%02u:%02u.%03u] ", time_ms / 3600000 % 24,
		time_ms / 60000 % 60, time_ms / 1000 % 60, time_ms % 1000);
}

static size_t show_hex(struct screen *screen, uint8_t byte, char *ret_text)
{
	screen->hex_column = (screen->hex_column + 1) % HEX_COLUMNS;
	screen->within_line = screen->hex_column != 0;
	return (size_t)sprintf(ret_text, "%02x%s", byte, screen->within_line ? " " : "\r\n");
}

static size_t show_byte(struct screen *screen, uint8_t byte, char *ret_text)
{
	if (byte == '\r' && screen->view & SCREEN_IN_CR_LF)
		byte = '\n';
	if (byte == '\n' || byte == '\r')
		screen->within_line = screen->within_line && byte == '\r';
	else
		screen->within_line = true;
	if (byte == '\n' && screen->view & SCREEN_IN_LF_CRLF) {
		ret_text[0] = '\r';
		ret_text[1] = '\n';
		return 2;
	}
	ret_text[0] = (char)byte;
	return 1;
}

size_t screen_show(
	struct screen *screen, const uint8_t *data, size_t bytes, uint32_t time_ms, char *ret_text)
{
	size_t used = 0;

	for (size_t i = 0; i < bytes; i++) {
		used += show_time(screen, time_ms, ret_text + used);
		used += screen->view & SCREEN_HEX ? show_hex(screen, data[i], ret_text + used)
						  : show_byte(screen, data[i], ret_text + used);
	}
	return used;
}

size_t screen_typed(
	const struct screen *screen, const uint8_t *data, size_t bytes, uint8_t *ret_data)
{
	size_t used = 0;

	for (size_t i = 0; i < bytes; i++) {
		bool enter = data[i] == '\r';

		if (enter && screen->view & SCREEN_OUT_CR_LF) {
			ret_data[used++] = '\n';
			continue;
		}
		ret_data[used++] =
			data[i] == 0x7f && screen->view & SCREEN_OUT_DEL_BS ? '\b' : data[i];
		if (enter && screen->view & SCREEN_OUT_CR_CRLF)
			ret_data[used++] = '\n';
	}
	return used;
}
