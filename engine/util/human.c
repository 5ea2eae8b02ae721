/* SPDX-License-Identifier: MIT */
#include "util/human.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#define MINUTE      60u
#define HOUR        3600u
#define DAY         86400u
#define SECONDS_MAX 8.64e9 /* 100,000 days: longer than anyone waits */

const char *human_size(uint64_t bytes, char ret_text[HUMAN_BYTES])
{
	static const char *const unit[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
	double value = (double)bytes;
	size_t at = 0;

	/* 999.5 would be printed as 1000. */
	while (value >= 999.5 && at + 1 < sizeof(unit) / sizeof(unit[0])) {
		value /= 1000;
		at++;
	}
	snprintf(ret_text, HUMAN_BYTES, at && value < 99.95 ? "%.1f %s" : "%.0f %s", value,
		unit[at]);
	return ret_text;
}

const char *human_count(uint64_t count, char ret_text[HUMAN_BYTES])
{
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%" PRIu64, count);
	char *out = ret_text;

	for (int at = 0; at < length; at++) {
		if (at && (length - at) % 3 == 0)
			*out++ = ',';
		*out++ = digits[at];
	}
	*out = '\0';
	return ret_text;
}

static uint64_t whole_seconds(double seconds)
{
	if (!(seconds > 0))
		return 0;
	return (uint64_t)((seconds < SECONDS_MAX ? seconds : SECONDS_MAX) + 0.5);
}

static void print_days(uint64_t total, char ret_text[HUMAN_BYTES])
{
	snprintf(ret_text, HUMAN_BYTES, "%" PRIu64 " d %02" PRIu64 " h", total / DAY,
		total % DAY / HOUR);
}

const char *human_duration(double seconds, char ret_text[HUMAN_BYTES])
{
	uint64_t total = whole_seconds(seconds);

	if (seconds < 9.95)
		snprintf(ret_text, HUMAN_BYTES, "%.1f s", seconds > 0 ? seconds : 0);
	else if (total < MINUTE)
		snprintf(ret_text, HUMAN_BYTES, "%" PRIu64 " s", total);
	else if (total < HOUR)
		snprintf(ret_text, HUMAN_BYTES, "%" PRIu64 " min %02" PRIu64 " s", total / MINUTE,
			total % MINUTE);
	else if (total < DAY)
		snprintf(ret_text, HUMAN_BYTES, "%" PRIu64 " h %02" PRIu64 " min", total / HOUR,
			total % HOUR / MINUTE);
	else
		print_days(total, ret_text);
	return ret_text;
}

const char *human_clock(double seconds, char ret_text[HUMAN_BYTES])
{
	uint64_t total = whole_seconds(seconds);

	if (total < HOUR)
		snprintf(ret_text, HUMAN_BYTES, "%" PRIu64 ":%02" PRIu64, total / MINUTE,
			total % MINUTE);
	else if (total < DAY)
		snprintf(ret_text, HUMAN_BYTES, "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64,
			total / HOUR, total % HOUR / MINUTE, total % MINUTE);
	else
		print_days(total, ret_text);
	return ret_text;
}
