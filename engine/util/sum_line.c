/* SPDX-License-Identifier: MIT */
#include "util/sum_line.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SUM_DIGITS 32
#define ESCAPED    "\\\n\r"

static void put_escaped(FILE *file, const char *name)
{
	for (; *name; name++) {
		if (*name == '\n')
			fputs("\\n", file);
		else if (*name == '\r')
			fputs("\\r", file);
		else if (*name == '\\')
			fputs("\\\\", file);
		else
			fputc(*name, file);
	}
}

int sum_line_write(FILE *file, uint64_t high, uint64_t low, const char *name)
{
	errno = 0;
	fprintf(file, "%s%016" PRIx64 "%016" PRIx64 "  ", strpbrk(name, ESCAPED) ? "\\" : "", high,
		low);
	put_escaped(file, name);
	fputc('\n', file);
	if (!ferror(file))
		return 0;
	return errno ? -errno : -EIO;
}

static int unescape(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (*text != '\\') {
			*to++ = *text;
			continue;
		}
		text++;
		if (*text == 'n')
			*to++ = '\n';
		else if (*text == 'r')
			*to++ = '\r';
		else if (*text == '\\')
			*to++ = '\\';
		else
			return -EINVAL;
	}
	*to = '\0';
	return 0;
}

static int parse_half(const char *digits, uint64_t *ret_half)
{
	char half[SUM_DIGITS / 2 + 1] = "";

	for (unsigned i = 0; i < SUM_DIGITS / 2; i++) {
		if (!isxdigit((unsigned char)digits[i]))
			return -EINVAL;
		half[i] = digits[i];
	}
	*ret_half = strtoull(half, NULL, 16);
	return 0;
}

int sum_line_parse(char *text, struct sum_line *ret_line)
{
	bool escaped = *text == '\\';
	struct sum_line line;

	text += escaped;
	if (strlen(text) < SUM_DIGITS + 3 || parse_half(text, &line.high) ||
		parse_half(text + SUM_DIGITS / 2, &line.low))
		return -EINVAL;
	text += SUM_DIGITS;
	if (text[0] != ' ' || (text[1] != ' ' && text[1] != '*'))
		return -EINVAL;
	line.name = text + 2;
	if (escaped && unescape(line.name))
		return -EINVAL;
	*ret_line = line;
	return 0;
}
