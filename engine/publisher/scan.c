/* SPDX-License-Identifier: MIT */
#include "publisher/scan.h"

#include <string.h>

#include "util/utf8.h"

static bool check_value(struct scan *scan, unsigned depth, struct scan_value *ret_value);

static void skip_space(struct scan *scan)
{
	while (scan->at < scan->end && *scan->at && strchr(" \t\r\n", *scan->at))
		scan->at++;
}

static bool take(struct scan *scan, char expected)
{
	if (scan->at == scan->end || *scan->at != expected)
		return false;
	scan->at++;
	return true;
}

static bool take_word(struct scan *scan, const char *word)
{
	size_t bytes = strlen(word);

	if ((size_t)(scan->end - scan->at) < bytes || memcmp(scan->at, word, bytes) != 0)
		return false;
	scan->at += bytes;
	return true;
}

static size_t take_digits(struct scan *scan)
{
	const char *start = scan->at;

	while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9')
		scan->at++;
	return (size_t)(scan->at - start);
}

static bool check_number(struct scan *scan)
{
	take(scan, '-');
	if (!take(scan, '0') && !take_digits(scan))
		return false;
	if (take(scan, '.') && !take_digits(scan))
		return false;
	if (!take(scan, 'e') && !take(scan, 'E'))
		return true;
	if (!take(scan, '+'))
		take(scan, '-');
	return take_digits(scan) > 0;
}

static bool is_hex(char digit)
{
	return (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f') ||
	       (digit >= 'A' && digit <= 'F');
}

static bool check_escape(struct scan *scan)
{
	if (scan->at == scan->end)
		return false;
	if (*scan->at != 'u')
		return *scan->at && strchr("\"\\/bfnrt", *scan->at++);
	scan->at++;
	for (unsigned digit = 0; digit < 4; digit++, scan->at++)
		if (scan->at == scan->end || !is_hex(*scan->at))
			return false;
	return true;
}

static bool check_string(struct scan *scan)
{
	if (!take(scan, '"'))
		return false;
	while (scan->at < scan->end) {
		uint32_t code;

		if (take(scan, '"'))
			return true;
		if (take(scan, '\\')) {
			if (!check_escape(scan))
				return false;
			continue;
		}
		scan->at += utf8_next(scan->at, (size_t)(scan->end - scan->at), &code);
		if (code < 0x20 || code == UTF8_INVALID)
			return false;
	}
	return false;
}

static bool check_member(struct scan *scan, unsigned depth)
{
	struct scan_value value;

	skip_space(scan);
	if (!check_string(scan))
		return false;
	skip_space(scan);
	return take(scan, ':') && check_value(scan, depth, &value);
}

static bool check_group(struct scan *scan, unsigned depth, char end, size_t *ret_count)
{
	size_t count = 0;

	if (depth == SCAN_DEPTH_MAX)
		return false;
	scan->at++;
	skip_space(scan);
	if (!take(scan, end)) {
		do {
			struct scan_value element;

			if (end == '}' ? !check_member(scan, depth + 1)
				       : !check_value(scan, depth + 1, &element))
				return false;
			count++;
		} while (take(scan, ','));
		if (!take(scan, end))
			return false;
	}
	*ret_count = count;
	return true;
}

static bool check_kind(struct scan *scan, unsigned depth, struct scan_value *value)
{
	switch (*scan->at) {
	case '{':
		value->type = SCAN_OBJECT;
		return check_group(scan, depth, '}', &value->count);
	case '[':
		value->type = SCAN_ARRAY;
		return check_group(scan, depth, ']', &value->count);
	case '"':
		value->type = SCAN_STRING;
		return check_string(scan);
	case 't':
		value->type = SCAN_TRUE;
		return take_word(scan, "true");
	case 'f':
		value->type = SCAN_FALSE;
		return take_word(scan, "false");
	case 'n':
		value->type = SCAN_NULL;
		return take_word(scan, "null");
	default:
		value->type = SCAN_NUMBER;
		return check_number(scan);
	}
}

static bool check_value(struct scan *scan, unsigned depth, struct scan_value *ret_value)
{
	struct scan_value value = {0};

	skip_space(scan);
	value.text = scan->at;
	if (scan->at == scan->end || !check_kind(scan, depth, &value))
		return false;
	value.bytes = (size_t)(scan->at - value.text);
	skip_space(scan);
	*ret_value = value;
	return true;
}

bool scan_value(struct scan *scan, struct scan_value *ret_value)
{
	return check_value(scan, 0, ret_value);
}

bool scan_text(const char *text, size_t bytes, struct scan_value *ret_value)
{
	struct scan scan = {text, text + bytes};
	struct scan_value value;

	if (!scan_value(&scan, &value) || scan.at != scan.end)
		return false;
	*ret_value = value;
	return true;
}

struct scan scan_enter(const struct scan_value *value)
{
	return (struct scan){value->text + 1, value->text + value->bytes - 1};
}

void scan_element(struct scan *scan, struct scan_value *ret_element)
{
	scan_value(scan, ret_element);
	take(scan, ',');
}

void scan_member(struct scan *scan, struct scan_value *ret_key, struct scan_value *ret_value)
{
	scan_value(scan, ret_key);
	take(scan, ':');
	scan_element(scan, ret_value);
}
