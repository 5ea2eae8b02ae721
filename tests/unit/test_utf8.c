/* SPDX-License-Identifier: MIT */
/* UTF-8, base64, and names as a terminal shows them. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "util/base64.h"
#include "util/cells.h"
#include "util/utf8.h"

static void characters_survive_a_round_trip(void **state)
{
	static const uint32_t codes[] = {0x24, 0x7f, 0x80, 0x7ff, 0x800, 0xffff, 0x10000, 0x10ffff};

	(void)state;
	for (size_t at = 0; at < sizeof(codes) / sizeof(codes[0]); at++) {
		char text[UTF8_BYTES];
		size_t bytes = utf8_put(codes[at], text);
		uint32_t code;

		assert_int_equal(utf8_next(text, bytes, &code), bytes);
		assert_int_equal(code, codes[at]);
	}
}

static void broken_characters_are_invalid(void **state)
{
	static const struct {
		const char *text;
		size_t taken;
	} cases[] = {
		{"\x80", 1},             /* continues nothing */
		{"\xc0\xaf", 1},         /* overlong */
		{"\xe0\x80\xaf", 1},     /* overlong */
		{"\xed\xa0\x80", 1},     /* a surrogate */
		{"\xf4\x90\x80\x80", 1}, /* past the last one */
		{"\xf5", 1},
		{"\xe2\x82", 2}, /* cut off: one replacement for both bytes */
		{"\xf0\x9f\x98x", 3},
	};

	(void)state;
	for (size_t at = 0; at < sizeof(cases) / sizeof(cases[0]); at++) {
		uint32_t code;

		assert_int_equal(
			utf8_next(cases[at].text, strlen(cases[at].text), &code), cases[at].taken);
		assert_int_equal(code, UTF8_INVALID);
		assert_false(utf8_valid(cases[at].text, strlen(cases[at].text)));
	}
	assert_true(utf8_valid("aä€😀", strlen("aä€😀")));
}

static void base64_matches_the_rfc(void **state)
{
	static const char *const pairs[][2] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="},
		{"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="},
		{"foobar", "Zm9vYmFy"}};

	(void)state;
	for (size_t at = 0; at < sizeof(pairs) / sizeof(pairs[0]); at++) {
		size_t bytes = strlen(pairs[at][0]);
		char text[16] = "";

		base64_encode(pairs[at][0], bytes, text);
		assert_string_equal(text, pairs[at][1]);
		assert_int_equal(BASE64_BYTES(bytes), strlen(pairs[at][1]));
	}
}

static const char *shown(const char *name, unsigned columns, bool utf8, unsigned *ret_columns)
{
	static char text[256];
	struct cells cells;

	cells_open(&cells, text, sizeof(text), utf8);
	cells_put_name(&cells, name, strlen(name), columns);
	*ret_columns = cells.columns;
	return text;
}

static void assert_shown(const char *name, unsigned columns, const char *expected, unsigned taken)
{
	unsigned found;

	assert_string_equal(shown(name, columns, true, &found), expected);
	assert_int_equal(found, taken);
}

static void names_are_cut_from_the_left(void **state)
{
	(void)state;
	assert_shown("usr/include/stdio.h", 30, "usr/include/stdio.h", 19);
	assert_shown("usr/include/stdio.h", 19, "usr/include/stdio.h", 19);
	assert_shown("usr/include/stdio.h", 10, "…e/stdio.h", 10);
	assert_shown("usr/include/stdio.h", 1, "…", 1);
	assert_shown("usr/include/stdio.h", 0, "", 0);
}

static void wide_characters_are_never_halved(void **state)
{
	(void)state;
	assert_shown("日本語", 6, "日本語", 6);
	assert_shown("日本語", 5, "…本語", 5);
	assert_shown("日本語", 4, "…語", 3);
}

/* What combines with a character that was cut off goes with it. */
static void combining_characters_stay_with_theirs(void **state)
{
	(void)state;
	assert_shown("e\xcc\x81"
		     "a\xcc\x88"
		     "b",
		3,
		"e\xcc\x81"
		"a\xcc\x88"
		"b",
		3);
	assert_shown("e\xcc\x81"
		     "a\xcc\x88"
		     "b",
		2, "…b", 2);
}

static void harmful_characters_are_replaced(void **state)
{
	unsigned columns;

	(void)state;
	assert_shown("a\x1b[31m\n\r\tb", 40, "a�[31m���b", 10);
	assert_shown("a\xff\xe2\x82"
		     "b",
		40, "a��b", 4);
	assert_shown("a\xe2\x80\xaetxt", 40, "a�txt", 5); /* writes the rest from right to left */
	assert_shown("\xc2\x9b"
		     "2J",
		40, "�2J", 3); /* a control sequence in one character */
	assert_string_equal(shown("ä\x7f日b", 40, false, &columns), "???b");
	assert_int_equal(columns, 4);
	assert_string_equal(shown("usr/include", 8, false, &columns), "...clude");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(characters_survive_a_round_trip),
		cmocka_unit_test(broken_characters_are_invalid),
		cmocka_unit_test(base64_matches_the_rfc),
		cmocka_unit_test(names_are_cut_from_the_left),
		cmocka_unit_test(wide_characters_are_never_halved),
		cmocka_unit_test(combining_characters_stay_with_theirs),
		cmocka_unit_test(harmful_characters_are_replaced),
	};

	uselocale(newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
