/* SPDX-License-Identifier: MIT */
#include "util/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "util/base64.h"
#include "util/utf8.h"

#define DECIMAL_MAX 1e15 /* ten times it is exact in a double */

void json_open(struct json *json, char *text, size_t capacity)
{
	*json = (struct json){.text = text, .capacity = capacity};
}

/* Returns where `bytes` more go, NULL when they don't fit. */
static char *extend(struct json *json, size_t bytes)
{
	char *at = json->text + json->used;

	if (json->overflow || bytes > json->capacity - json->used) {
		json->overflow = true;
		return NULL;
	}
	json->used += bytes;
	return at;
}

static void put(struct json *json, const char *text, size_t bytes)
{
	char *at = extend(json, bytes);

	if (at)
		memcpy(at, text, bytes);
}

static void begin_value(struct json *json)
{
	if (json->comma)
		put(json, ",", 1);
	json->comma = true;
}

static void begin_group(struct json *json, const char *bracket)
{
	begin_value(json);
	put(json, bracket, 1);
	json->comma = false;
}

static void end_group(struct json *json, const char *bracket)
{
	put(json, bracket, 1);
	json->comma = true;
}

void json_object(struct json *json)
{
	begin_group(json, "{");
}

void json_object_end(struct json *json)
{
	end_group(json, "}");
}

void json_array(struct json *json)
{
	begin_group(json, "[");
}

void json_array_end(struct json *json)
{
	end_group(json, "]");
}

void json_key(struct json *json, const char *key)
{
	json_string(json, key, strlen(key));
	put(json, ":", 1);
	json->comma = false;
}

static bool is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

static void put_escaped(struct json *json, uint32_t code)
{
	static const char named[] = "\bb\ff\nn\rr\tt";
	const char *found = code ? memchr(named, (int)code, sizeof(named) - 1) : NULL;
	char text[8];
	int bytes;

	if (code == '"' || code == '\\')
		bytes = snprintf(text, sizeof(text), "\\%c", (int)code);
	else if (found)
		bytes = snprintf(text, sizeof(text), "\\%c", found[1]);
	else
		bytes = snprintf(text, sizeof(text), "\\u%04" PRIx32, code & 0xffff);
	put(json, text, (size_t)bytes);
}

/* How many bytes from the start need no second look: most names need none at all. */
static size_t plain_bytes(const char *text, size_t bytes)
{
	size_t at = 0;

	while (at < bytes && text[at] >= 0x20 && text[at] < 0x7f && text[at] != '"' &&
		text[at] != '\\')
		at++;
	return at;
}

static void put_character(struct json *json, uint32_t code, const char *text, size_t bytes)
{
	char replacement[UTF8_BYTES];

	if (code == UTF8_INVALID)
		put(json, replacement, utf8_put(UTF8_REPLACEMENT, replacement));
	else if (is_control(code) || code == '"' || code == '\\')
		put_escaped(json, code);
	else
		put(json, text, bytes);
}

void json_string(struct json *json, const char *text, size_t bytes)
{
	begin_value(json);
	put(json, "\"", 1);
	while (bytes && !json->overflow) {
		size_t length = plain_bytes(text, bytes);
		uint32_t code;

		if (length) {
			put(json, text, length);
		} else {
			length = utf8_next(text, bytes, &code);
			put_character(json, code, text, length);
		}
		text += length;
		bytes -= length;
	}
	put(json, "\"", 1);
}

void json_base64(struct json *json, const void *data, size_t bytes)
{
	char *at;

	begin_value(json);
	put(json, "\"", 1);
	at = extend(json, BASE64_BYTES(bytes));
	if (at)
		base64_encode(data, bytes, at);
	put(json, "\"", 1);
}

void json_integer(struct json *json, uint64_t value)
{
	const char *format = value > JSON_INTEGER_MAX ? "\"%" PRIu64 "\"" : "%" PRIu64;
	char text[32];

	begin_value(json);
	put(json, text, (size_t)snprintf(text, sizeof(text), format, value));
}

void json_signed(struct json *json, int32_t value)
{
	char text[16];

	begin_value(json);
	put(json, text, (size_t)snprintf(text, sizeof(text), "%" PRId32, value));
}

/* Not by "%.1f", whose point is a comma in many locales. */
void json_decimal(struct json *json, double value)
{
	bool negative = value < 0;
	double magnitude = negative ? -value : value;
	uint64_t tenths;
	char text[32];

	if (!(magnitude < DECIMAL_MAX)) {
		json_null(json);
		return;
	}
	tenths = (uint64_t)(magnitude * 10 + 0.5);
	begin_value(json);
	put(json, text,
		(size_t)snprintf(text, sizeof(text), "%s%" PRIu64 ".%u",
			negative && tenths ? "-" : "", tenths / 10, (unsigned)(tenths % 10)));
}

void json_bool(struct json *json, bool value)
{
	begin_value(json);
	put(json, value ? "true" : "false", value ? 4 : 5);
}

void json_null(struct json *json)
{
	begin_value(json);
	put(json, "null", 4);
}

void json_raw(struct json *json, const char *text, size_t bytes)
{
	begin_value(json);
	put(json, text, bytes);
}
