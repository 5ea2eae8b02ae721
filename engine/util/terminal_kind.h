/* SPDX-License-Identifier: MIT */
/* What is at the other end of a descriptor that people may be looking at. */
#ifndef ENGINE_UTIL_TERMINAL_KIND_H
#define ENGINE_UTIL_TERMINAL_KIND_H

#include <stdbool.h>

struct terminal_kind {
	bool is_terminal;
	bool dumb;   /* knows no control sequences */
	bool utf8;   /* the user's locale, and so presumably the terminal, is a UTF-8 one */
	bool colour; /* it has colour, and NO_COLOR does not forbid it */
};

struct terminal_kind terminal_kind_of(int fd);

struct terminal_size {
	unsigned rows;
	unsigned columns;
};

/* 24 by 80 where nobody knows. */
struct terminal_size terminal_size_of(int fd);

#endif
