/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "job/selection.h"

struct expectation {
	const char *pattern;
	const char *path;
	bool is_directory;
	bool matches;
};

/* What rsync 3.5 does with these, seen with --dry-run --itemize-changes. */
static const struct expectation expectations[] = {
	{"*.o", "a.o", false, true},
	{"*.o", "sub/a.o", false, true},
	{"*.o", "a.ox", false, false},
	{"/a.o", "a.o", false, true},
	{"/a.o", "sub/a.o", false, false},
	{"sub/", "sub", true, true},
	{"sub/", "sub", false, false},
	{"sub/", "x/sub", true, true},
	{"a/b", "a/b", false, true},
	{"a/b", "x/a/b", false, true},
	{"a/b", "xa/b", false, false},
	{"a/*/c", "a/b/c", false, true},
	{"a/*/c", "a/b/b/c", false, false},
	{"a/**/c", "a/b/b/c", false, true},
	{"**/c", "a/b/c", false, true},
	{"/a/**", "a/b/c", false, true},
	{"/a/**", "a", true, false},
	{"a/***", "a", true, true},
	{"a/***", "a/b/c", false, true},
	{"f?o", "foo", false, true},
	{"f?o", "f/o", false, false},
	{"[a-c]1", "b1", false, true},
	{"[!a-c]1", "b1", false, false},
	{"[!a-c]1", "d1", false, true},
	{"[", "[", false, false},
	{"[[:digit:]]", "7", false, true},
	{"[^[:digit:]]", "7", false, false},
	{"[]a]", "]", false, true},
	{"a\\b", "a\\b", false, true},
	{"**/c", "c", false, true},
	{"a**/c", "x/ab/c", false, true},
	{"*a*/c*", "xay/cz", false, true},
	{"*a*/c*", "xay/z/c", false, false},
	{"a*b*c", "a/b/c", false, false},
	{"a\\*", "a*", false, true},
	{"a\\*", "ab", false, false},
	{"*", "anything", true, true},
	{"", "x", false, false},
};

static void patterns_mean_what_rsync_means(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(expectations) / sizeof(expectations[0]); i++) {
		const struct expectation *row = &expectations[i];

		struct pattern pattern;

		assert_int_equal(pattern_open(&pattern, row->pattern), 0);
		if (pattern_matches(&pattern, row->path, row->is_directory) != row->matches)
			fail_msg("pattern %s, path %s", row->pattern, row->path);
		pattern_close(&pattern);
	}
}

static void the_first_match_decides(void **state)
{
	struct selection selection = {0};

	(void)state;
	assert_int_equal(selection_add(&selection, true, "*.c"), 0);
	assert_int_equal(selection_add(&selection, true, "*/"), 0);
	assert_int_equal(selection_add(&selection, false, "*"), 0);
	assert_int_equal(selection_judge(&selection, "sub/a.c", false), SELECTION_IN);
	assert_int_equal(selection_judge(&selection, "sub", true), SELECTION_IN);
	assert_int_equal(selection_judge(&selection, "sub/a.h", false), SELECTION_OUT);
	selection_free(&selection);
	assert_int_equal(selection_judge(&selection, "sub/a.h", false), SELECTION_IN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_mean_what_rsync_means),
		cmocka_unit_test(the_first_match_decides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
