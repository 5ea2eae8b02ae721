/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <locale.h>
#include <string.h>

#include "util/quote.h"

static void assert_quoted(const char *name, const char *expected)
{
	char text[256];

	assert_string_equal(quote_name(name, text, sizeof(text)), expected);
}

/* The expected texts are what `cp` of coreutils 9.1 prints for these names. */
static void names_are_quoted_as_gnu_quotes_them(void **state)
{
	(void)state;
	assert_quoted("plain", "'plain'");
	assert_quoted("", "''");
	assert_quoted("two words", "'two words'");
	assert_quoted("it's", "\"it's\"");
	assert_quoted("it's $HOME", "'it'\\''s $HOME'");
	assert_quoted("nofile\nx", "'nofile'$'\\n''x'");
	assert_quoted("nofile\nx\ty\377", "'nofile'$'\\n''x'$'\\t''y'$'\\377'");
	assert_quoted("\n", "''$'\\n'");
}

static void a_long_name_is_cut_and_ended(void **state)
{
	char text[8];

	(void)state;
	quote_name("a-long-name", text, sizeof(text));
	assert_int_equal(strlen(text), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_quoted_as_gnu_quotes_them),
		cmocka_unit_test(a_long_name_is_cut_and_ended),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
