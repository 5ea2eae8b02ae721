/* SPDX-License-Identifier: MIT */
/*
 * Reads JSON text in place. A value is checked as a whole, with everything in it, when it is read:
 * well formed (RFC 8259), valid UTF-8, and not nested deeper than SCAN_DEPTH_MAX.
 */
#ifndef ENGINE_PUBLISHER_SCAN_H
#define ENGINE_PUBLISHER_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#define SCAN_DEPTH_MAX 16

enum scan_type {
	SCAN_NULL,
	SCAN_TRUE,
	SCAN_FALSE,
	SCAN_NUMBER,
	SCAN_STRING,
	SCAN_ARRAY,
	SCAN_OBJECT,
};

/* Where in a text the next value is read. */
struct scan {
	const char *at;
	const char *end;
};

struct scan_value {
	enum scan_type type;
	const char *text; /* with its quotes or brackets */
	size_t bytes;
	size_t count; /* of an array's elements or an object's members */
};

/* Reads the next value and moves past it and the white space around it. False if there is no
 * valid one; the position is then unspecified. */
bool scan_value(struct scan *scan, struct scan_value *ret_value);

/* Reads a text that is one value and nothing else. */
bool scan_text(const char *text, size_t bytes, struct scan_value *ret_value);

/* Walks what is in a valid array or object, `count` times. The key of an object's member is a
 * string. */
struct scan scan_enter(const struct scan_value *value);
void scan_element(struct scan *scan, struct scan_value *ret_element);
void scan_member(struct scan *scan, struct scan_value *ret_key, struct scan_value *ret_value);

#endif
