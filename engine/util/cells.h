/* SPDX-License-Identifier: MIT */
/*
 * Text in a terminal: what a name may show without harm, and how many columns it takes.
 *
 * How wide a character is comes from the C library and the calling thread's locale, which must be
 * a UTF-8 one (uselocale) while these functions are used.
 */
#ifndef ENGINE_UTIL_CELLS_H
#define ENGINE_UTIL_CELLS_H

#include <stdbool.h>
#include <stddef.h>

struct cells {
	char *text; /* the caller's, always ended by a NUL */
	size_t capacity;
	size_t used;
	unsigned columns; /* that `text` takes */
	bool utf8;        /* false: the terminal shows ASCII only */
};

void cells_open(struct cells *cells, char *text, size_t capacity, bool utf8);

/* Appends a name so that it takes at most `columns`, cut from the left behind an ellipsis where it
 * does not fit. Characters that would move the cursor, change the direction of writing, or aren't
 * valid become replacement characters. */
void cells_put_name(struct cells *cells, const char *name, size_t bytes, unsigned columns);

/* The same, but cut from the right, before an ellipsis: for what people read from its beginning. */
void cells_put_start(struct cells *cells, const char *text, size_t bytes, unsigned columns);

/* Appends text of this program, each of whose characters takes one column. */
void cells_put(struct cells *cells, const char *text);

/* Appends what takes no column: a terminal's control sequence. */
void cells_put_control(struct cells *cells, const char *text);

/* Columns that cells_put would add. */
unsigned cells_count(const char *text);

#endif
