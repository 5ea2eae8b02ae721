/* SPDX-License-Identifier: MIT */
#include "util/quote.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

struct quote {
	char *text;
	size_t used;
	size_t capacity;
	bool escaping; /* inside $'...' */
};

static void put(struct quote *quote, const char *text, size_t bytes)
{
	if (bytes >= quote->capacity - quote->used)
		bytes = quote->capacity - quote->used - 1;
	memcpy(quote->text + quote->used, text, bytes);
	quote->used += bytes;
	quote->text[quote->used] = '\0';
}

static void put_string(struct quote *quote, const char *text)
{
	put(quote, text, strlen(text));
}

/* How many bytes the next character has, 0 when it can't be printed as it is. */
static size_t printable_bytes(const char *text, size_t left, mbstate_t *state)
{
	wchar_t character;
	size_t bytes = mbrtowc(&character, text, left, state);

	if (bytes == (size_t)-1 || bytes == (size_t)-2) {
		memset(state, 0, sizeof(*state));
		return 0;
	}
	return bytes && iswprint((wint_t)character) ? bytes : 0;
}

static void put_escaped(struct quote *quote, unsigned char byte)
{
	static const char letters[] = "\aa\bb\ff\nn\rr\tt\vv";
	const char *found = byte ? strchr(letters, byte) : NULL;
	char code[8];

	if (found && (found - letters) % 2 == 0)
		snprintf(code, sizeof(code), "\\%c", found[1]);
	else
		snprintf(code, sizeof(code), "\\%03o", byte);
	if (!quote->escaping)
		put_string(quote, "'$'");
	quote->escaping = true;
	put_string(quote, code);
}

static void put_plain(struct quote *quote, const char *text, size_t bytes)
{
	if (quote->escaping)
		put_string(quote, "''");
	quote->escaping = false;
	if (*text == '\'')
		put_string(quote, "'\\''");
	else
		put(quote, text, bytes);
}

/* Double quotes are easier to read around a single one, where nothing inside has a meaning. */
static bool fits_double_quotes(const char *name)
{
	mbstate_t state = {0};
	size_t left = strlen(name);

	if (!strchr(name, '\'') || strpbrk(name, "\"$`\\!"))
		return false;
	while (left) {
		size_t bytes = printable_bytes(name, left, &state);

		if (!bytes)
			return false;
		name += bytes;
		left -= bytes;
	}
	return true;
}

const char *quote_name(const char *name, char *ret_text, size_t capacity)
{
	struct quote quote = {.text = ret_text, .capacity = capacity};
	mbstate_t state = {0};
	size_t left = strlen(name);

	if (fits_double_quotes(name)) {
		snprintf(ret_text, capacity, "\"%s\"", name);
		return ret_text;
	}
	put_string(&quote, "'");
	while (left) {
		size_t bytes = printable_bytes(name, left, &state);

		if (bytes)
			put_plain(&quote, name, bytes);
		else
			put_escaped(&quote, (unsigned char)*name);
		name += bytes ? bytes : 1;
		left -= bytes ? bytes : 1;
	}
	/* What is unprintable ends its own quotes. */
	put_string(&quote, "'");
	return ret_text;
}
