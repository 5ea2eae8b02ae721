/* SPDX-License-Identifier: MIT */
/* What a serial process tells the readers of the progress region. */
#ifndef SERIALCTL_REPORT_H
#define SERIALCTL_REPORT_H

#include <stddef.h>

#include "progress/region.h"

/* Appends a record about the port. Text and data longer than a record takes are cut. */
void report_serial(struct lane *lane, enum haul_serial_state state, const char *path,
	const void *data, size_t bytes);
/* The same with text for people. */
void report_text(struct lane *lane, enum haul_serial_state state, const char *path,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
