/* SPDX-License-Identifier: MIT */
/*
 * Lines of lists of checksums, "sum  name", as xxh128sum and coreutils write them: a name with a
 * newline, a carriage return or a backslash is escaped, and a backslash before the sum says so.
 */
#ifndef ENGINE_UTIL_SUM_LINE_H
#define ENGINE_UTIL_SUM_LINE_H

#include <stdint.h>
#include <stdio.h>

struct sum_line {
	uint64_t high;
	uint64_t low;
	char *name;
};

/* -errno of the write. */
int sum_line_write(FILE *file, uint64_t high, uint64_t low, const char *name);

/* Takes `text`, a line without its end, apart; the name is unescaped in place. Accepts a '*' before
 * the name, for "binary". -EINVAL: it is none. */
int sum_line_parse(char *text, struct sum_line *ret_line);

#endif
