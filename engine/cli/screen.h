/* SPDX-License-Identifier: MIT */
/*
 * How received bytes look in a terminal session: as they are, with line ends mapped, in
 * hexadecimal, with the time before each line. Also the mapping of what is typed.
 */
#ifndef ENGINE_CLI_SCREEN_H
#define ENGINE_CLI_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum screen_view {
	SCREEN_HEX = 1 << 0,
	SCREEN_TIME = 1 << 1,
	SCREEN_ECHO = 1 << 2,        /* show what is sent */
	SCREEN_IN_CR_LF = 1 << 3,    /* received CR shows as LF */
	SCREEN_IN_LF_CRLF = 1 << 4,  /* received LF shows as CR LF */
	SCREEN_OUT_CR_LF = 1 << 5,   /* typed CR (Return) is sent as LF */
	SCREEN_OUT_CR_CRLF = 1 << 6, /* ... as CR LF */
	SCREEN_OUT_DEL_BS = 1 << 7,  /* typed DEL is sent as BS */
};

struct screen {
	unsigned view;
	bool within_line;
	unsigned hex_column;
};

/* The most that one byte can become: a line end, a time and the byte. */
#define SCREEN_BYTES_PER_BYTE 24u

/* Shows `bytes` received at `time_ms` of the day. Returns how much was written to `ret_text`, which
 * has room for SCREEN_BYTES_PER_BYTE each. */
size_t screen_show(
	struct screen *screen, const uint8_t *data, size_t bytes, uint32_t time_ms, char *ret_text);

/* What is sent when `data` is typed. `ret_data` has room for 2 * bytes. Returns its length. */
size_t screen_typed(
	const struct screen *screen, const uint8_t *data, size_t bytes, uint8_t *ret_data);

#endif
