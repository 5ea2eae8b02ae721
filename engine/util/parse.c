/* SPDX-License-Identifier: MIT */
#include "util/parse.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* Reads digits and moves *text behind them. */
static int read_digits(const char **text, uint64_t *ret_number)
{
	uint64_t number = 0;
	const char *at = *text;

	if (*at < '0' || *at > '9')
		return -EINVAL;
	for (; *at >= '0' && *at <= '9'; at++) {
		if (__builtin_mul_overflow(number, 10u, &number) ||
			__builtin_add_overflow(number, (uint64_t)(*at - '0'), &number))
			return -ERANGE;
	}
	*text = at;
	*ret_number = number;
	return 0;
}

int parse_number(const char *text, uint64_t *ret_number)
{
	uint64_t number;
	int error = read_digits(&text, &number);

	if (error)
		return error;
	if (*text != '\0')
		return -EINVAL;
	*ret_number = number;
	return 0;
}

/* The power and the base that a suffix stands for; 0 when there is no such suffix. */
static unsigned suffix_base(const char *suffix, unsigned *ret_power)
{
	static const char letters[] = "KMGTPE";
	const char *found;

	*ret_power = 0;
	if (suffix[0] == '\0')
		return 1024;
	found = strchr(letters, suffix[0] == 'k' ? 'K' : suffix[0]);
	if (!found)
		return 0;
	*ret_power = (unsigned)(found - letters) + 1;
	if (strcmp(suffix + 1, "") == 0 || strcmp(suffix + 1, "iB") == 0)
		return 1024;
	return strcmp(suffix + 1, "B") == 0 ? 1000 : 0;
}

/* Moves *text behind ".5", and tells it in units of 1 / *ret_scale. */
static int read_fraction(const char **text, uint64_t *ret_part, uint64_t *ret_scale)
{
	const char *at = *text;

	*ret_part = 0;
	*ret_scale = 1;
	if (*at != '.')
		return 0;
	for (at++; *at >= '0' && *at <= '9'; at++) {
		/* More digits make no difference of a byte. */
		if (*ret_scale >= UINT64_C(1000000000000000000))
			continue;
		*ret_part = *ret_part * 10 + (uint64_t)(*at - '0');
		*ret_scale *= 10;
	}
	if (at[-1] == '.')
		return -EINVAL;
	*text = at;
	return 0;
}

static int parse_scaled(const char *text, bool decimal, uint64_t *ret_bytes)
{
	uint64_t bytes, part = 0, scale = 1, unit = 1;
	unsigned power;
	unsigned base;
	int error = read_digits(&text, &bytes);

	if (!error && decimal)
		error = read_fraction(&text, &part, &scale);
	if (error)
		return error;
	base = suffix_base(text, &power);
	if (base == 0)
		return -EINVAL;
	for (; power > 0; power--)
		unit *= base;
	part = (uint64_t)((unsigned __int128)part * unit / scale);
	if (__builtin_mul_overflow(bytes, unit, &bytes) ||
		__builtin_add_overflow(bytes, part, &bytes))
		return -ERANGE;
	*ret_bytes = bytes;
	return 0;
}

int parse_size(const char *text, uint64_t *ret_bytes)
{
	return parse_scaled(text, false, ret_bytes);
}

int parse_size_decimal(const char *text, uint64_t *ret_bytes)
{
	return parse_scaled(text, true, ret_bytes);
}
