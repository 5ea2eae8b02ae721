/* SPDX-License-Identifier: MIT */
#include "serialctl/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/clock.h"

void report_serial(struct lane *lane, enum haul_serial_state state, const char *path,
	const void *data, size_t bytes)
{
	uint64_t now_ns = clock_monotonic_ns();
	struct haul_serial serial = {
		.state = state,
		.port_bytes = (uint16_t)strlen(path),
		.data_bytes = (uint32_t)bytes,
	};
	struct iovec part[] = {
		{&serial, sizeof(serial)},
		{(void *)path, serial.port_bytes},
		{(void *)data, bytes},
	};

	/* Frames are bounded far below a quarter of the smallest ring: this can't fail. */
	(void)lane_append(lane, HAUL_RECORD_SERIAL, now_ns, part, 3);
	lane_ring(lane, now_ns, state != HAUL_SERIAL_LINE && state != HAUL_SERIAL_PROGRESS);
}

void report_text(
	struct lane *lane, enum haul_serial_state state, const char *path, const char *format, ...)
{
	char text[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	report_serial(lane, state, path, text, strlen(text));
}
