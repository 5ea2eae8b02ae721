/* SPDX-License-Identifier: MIT */
/*
 * Writes JSON (RFC 8259) into a bounded buffer. What does not fit sets `overflow`, and the text is
 * then worth nothing: the caller looks once, at the end.
 *
 *     json_open(&json, buffer, sizeof(buffer));
 *     json_object(&json);
 *     json_key(&json, "path");
 *     json_string(&json, path, path_bytes);
 *     json_object_end(&json);
 *     if (json.overflow) ...
 */
#ifndef ENGINE_UTIL_JSON_H
#define ENGINE_UTIL_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The largest integer that JavaScript and others keep exactly: larger ones travel as strings. */
#define JSON_INTEGER_MAX (UINT64_C(1) << 53)

struct json {
	char *text; /* the caller's; no NUL at the end */
	size_t capacity;
	size_t used;
	bool comma; /* one goes before the next value */
	bool overflow;
};

void json_open(struct json *json, char *text, size_t capacity);

void json_object(struct json *json);
void json_object_end(struct json *json);
void json_array(struct json *json);
void json_array_end(struct json *json);
void json_key(struct json *json, const char *key); /* of plain letters */

/* Control characters are escaped, those of terminals too; what isn't UTF-8 becomes replacement
 * characters. */
void json_string(struct json *json, const char *text, size_t bytes);
void json_base64(struct json *json, const void *data, size_t bytes);
void json_integer(struct json *json, uint64_t value); /* a string above JSON_INTEGER_MAX */
void json_signed(struct json *json, int32_t value);
void json_decimal(
	struct json *json, double value); /* one digit behind the point; null if not finite */
void json_bool(struct json *json, bool value);
void json_null(struct json *json);

/* JSON as it is, for instance members of an object without its braces. */
void json_raw(struct json *json, const char *text, size_t bytes);

#endif
