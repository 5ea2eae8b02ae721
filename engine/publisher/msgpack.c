/* SPDX-License-Identifier: MIT */
#include "publisher/msgpack.h"

#include <endian.h>
#include <string.h>

#include "publisher/scan.h"
#include "util/utf8.h"

/* Up to here, integers and powers of ten are exact in a double. */
#define MANTISSA_MAX 9007199254740992.0
#define EXPONENT_MAX 22

void msgpack_open(struct msgpack *pack, void *data, size_t capacity)
{
	*pack = (struct msgpack){.data = data, .capacity = capacity};
}

static void put(struct msgpack *pack, const void *data, size_t bytes)
{
	if (pack->overflow || bytes > pack->capacity - pack->used) {
		pack->overflow = true;
		return;
	}
	memcpy(pack->data + pack->used, data, bytes);
	pack->used += bytes;
}

static void put_byte(struct msgpack *pack, unsigned byte)
{
	const unsigned char data = (unsigned char)byte;

	put(pack, &data, 1);
}

/* A tag and the lowest `bytes` bytes of the value, the highest first. */
static void put_tagged(struct msgpack *pack, unsigned tag, uint64_t value, size_t bytes)
{
	uint64_t big = htobe64(value);

	put_byte(pack, tag);
	put(pack, (const char *)&big + sizeof(big) - bytes, bytes);
}

void msgpack_array(struct msgpack *pack, size_t count)
{
	if (count < 0x10)
		put_byte(pack, 0x90u | (unsigned)count);
	else if (count < 0x10000)
		put_tagged(pack, 0xdc, count, 2);
	else
		put_tagged(pack, 0xdd, count, 4);
}

void msgpack_map(struct msgpack *pack, size_t count)
{
	if (count < 0x10)
		put_byte(pack, 0x80u | (unsigned)count);
	else if (count < 0x10000)
		put_tagged(pack, 0xde, count, 2);
	else
		put_tagged(pack, 0xdf, count, 4);
}

static void put_string_head(struct msgpack *pack, size_t bytes)
{
	if (bytes < 0x20)
		put_byte(pack, 0xa0u | (unsigned)bytes);
	else if (bytes < 0x100)
		put_tagged(pack, 0xd9, bytes, 1);
	else if (bytes < 0x10000)
		put_tagged(pack, 0xda, bytes, 2);
	else
		put_tagged(pack, 0xdb, bytes, 4);
}

void msgpack_bytes_string(struct msgpack *pack, const char *text, size_t bytes)
{
	put_string_head(pack, bytes);
	put(pack, text, bytes);
}

void msgpack_string(struct msgpack *pack, const char *text)
{
	msgpack_bytes_string(pack, text, strlen(text));
}

static void put_unsigned(struct msgpack *pack, uint64_t value)
{
	if (value < 0x80)
		put_byte(pack, (unsigned)value);
	else if (value < 0x100)
		put_tagged(pack, 0xcc, value, 1);
	else if (value < 0x10000)
		put_tagged(pack, 0xcd, value, 2);
	else if (value < 0x100000000)
		put_tagged(pack, 0xce, value, 4);
	else
		put_tagged(pack, 0xcf, value, 8);
}

static void put_negative(struct msgpack *pack, int64_t value)
{
	if (value >= -0x20)
		put_byte(pack, (unsigned)value & 0xff);
	else if (value >= -0x80)
		put_tagged(pack, 0xd0, (uint64_t)value, 1);
	else if (value >= -0x8000)
		put_tagged(pack, 0xd1, (uint64_t)value, 2);
	else if (value >= -INT64_C(0x80000000))
		put_tagged(pack, 0xd2, (uint64_t)value, 4);
	else
		put_tagged(pack, 0xd3, (uint64_t)value, 8);
}

void msgpack_number(struct msgpack *pack, double value)
{
	bool is_small = value >= -MANTISSA_MAX && value <= MANTISSA_MAX;
	uint64_t bits;

	if (is_small && value == (double)(int64_t)value) {
		if (value < 0)
			put_negative(pack, (int64_t)value);
		else
			put_unsigned(pack, (uint64_t)value);
		return;
	}
	memcpy(&bits, &value, sizeof(bits));
	put_tagged(pack, 0xcb, bits, 8);
}

void msgpack_bool(struct msgpack *pack, bool value)
{
	put_byte(pack, value ? 0xc3 : 0xc2);
}

void msgpack_null(struct msgpack *pack)
{
	put_byte(pack, 0xc0);
}

/* ---- from JSON, already checked ---- */

static bool is_digit(const char *at, const char *end)
{
	return at < end && *at >= '0' && *at <= '9';
}

static int read_exponent(const char *at, const char *end)
{
	bool negative = false;
	int exponent = 0;

	if (at < end && (*at == '-' || *at == '+'))
		negative = *at++ == '-';
	for (; is_digit(at, end); at++)
		exponent = exponent < 10000 ? exponent * 10 + (*at - '0') : exponent;
	return negative ? -exponent : exponent;
}

static double scale(double value, int exponent)
{
	for (; exponent > 0 && value < 1e308; exponent--)
		value *= 10;
	for (; exponent < -EXPONENT_MAX; exponent++)
		value /= 10;
	if (exponent < 0) {
		double power = 1;

		for (; exponent < 0; exponent++)
			power *= 10;
		value /= power;
	}
	return value;
}

/* Exact for up to 15 digits with an exponent of at most 22, which is all that we write ourselves;
 * else right to a few units in the last place. Not by strtod, whose point depends on the locale. */
static double read_number(const char *at, const char *end)
{
	bool negative = *at == '-';
	double mantissa = 0;
	int exponent = 0;

	for (at += negative; is_digit(at, end); at++)
		mantissa = mantissa * 10 + (*at - '0');
	if (at < end && *at == '.')
		for (at++; is_digit(at, end); at++, exponent--)
			mantissa = mantissa * 10 + (*at - '0');
	if (at < end)
		exponent += read_exponent(at + 1, end);
	mantissa = mantissa ? scale(mantissa, exponent) : 0;
	return negative ? -mantissa : mantissa;
}

static unsigned read_hex(const char *at)
{
	unsigned value = 0;

	for (unsigned digit = 0; digit < 4; digit++, at++)
		value = value << 4 | (unsigned)(*at <= '9' ? *at - '0' : (*at & 0x0f) + 9);
	return value;
}

/* Decodes the escape behind a backslash and moves past it. */
static uint32_t read_escape(const char **at, const char *end)
{
	static const char named[] = "b\bf\fn\nr\rt\t";
	const char letter = *(*at)++;
	const char *found;
	uint32_t code;

	if (letter != 'u') {
		found = strchr(named, letter);
		return (unsigned char)(found ? found[1] : letter);
	}
	code = read_hex(*at);
	*at += 4;
	if (code < 0xd800 || code > 0xdfff)
		return code;
	if (code < 0xdc00 && end - *at >= 6 && (*at)[0] == '\\' && (*at)[1] == 'u') {
		uint32_t low = read_hex(*at + 2);

		if (low >= 0xdc00 && low <= 0xdfff) {
			*at += 6;
			return 0x10000 + ((code & 0x3ff) << 10 | (low & 0x3ff));
		}
	}
	return UTF8_REPLACEMENT;
}

/* Calls put_part for each part of a string's content. */
static void each_part(const struct scan_value *string, struct msgpack *pack,
	void (*put_part)(struct msgpack *pack, const void *data, size_t bytes))
{
	const char *at = string->text + 1;
	const char *end = string->text + string->bytes - 1;

	while (at < end) {
		const char *backslash = memchr(at, '\\', (size_t)(end - at));
		const char *plain_end = backslash ? backslash : end;
		char text[UTF8_BYTES];

		put_part(pack, at, (size_t)(plain_end - at));
		at = plain_end;
		if (at == end)
			break;
		at++;
		put_part(pack, text, utf8_put(read_escape(&at, end), text));
	}
}

static void count_part(struct msgpack *pack, const void *data, size_t bytes)
{
	(void)data;
	pack->used += bytes;
}

static void put_string(struct msgpack *pack, const struct scan_value *string)
{
	struct msgpack counted = {0};

	each_part(string, &counted, count_part);
	put_string_head(pack, counted.used);
	each_part(string, pack, put);
}

static void put_value(struct msgpack *pack, const struct scan_value *value);

static void put_elements(struct msgpack *pack, const struct scan_value *array)
{
	struct scan scan = scan_enter(array);

	msgpack_array(pack, array->count);
	for (size_t at = 0; at < array->count; at++) {
		struct scan_value element;

		scan_element(&scan, &element);
		put_value(pack, &element);
	}
}

static void put_members(struct msgpack *pack, const struct scan_value *object)
{
	struct scan scan = scan_enter(object);

	msgpack_map(pack, object->count);
	for (size_t at = 0; at < object->count; at++) {
		struct scan_value key, value;

		scan_member(&scan, &key, &value);
		put_string(pack, &key);
		put_value(pack, &value);
	}
}

static void put_value(struct msgpack *pack, const struct scan_value *value)
{
	switch (value->type) {
	case SCAN_NULL:
		msgpack_null(pack);
		break;
	case SCAN_TRUE:
	case SCAN_FALSE:
		msgpack_bool(pack, value->type == SCAN_TRUE);
		break;
	case SCAN_NUMBER:
		msgpack_number(pack, read_number(value->text, value->text + value->bytes));
		break;
	case SCAN_STRING:
		put_string(pack, value);
		break;
	case SCAN_ARRAY:
		put_elements(pack, value);
		break;
	case SCAN_OBJECT:
		put_members(pack, value);
		break;
	}
}

bool msgpack_json(struct msgpack *pack, const char *text, size_t bytes)
{
	struct scan_value value;

	if (!scan_text(text, bytes, &value))
		return false;
	put_value(pack, &value);
	return true;
}
