/* SPDX-License-Identifier: MIT */
/* The web page's files, which are part of the program: what lies in web/. */
#ifndef ENGINE_PUBLISHER_PAGE_H
#define ENGINE_PUBLISHER_PAGE_H

#include <stdbool.h>
#include <stddef.h>

struct page_file {
	const char *type; /* its Content-Type */
	const char *data;
	size_t bytes;
};

/* False when there is none of this path. */
bool page_find(const char *path, struct page_file *ret_file);

#endif
