/* SPDX-License-Identifier: MIT */
/* Sizes, counts and times as people read them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "util/human.h"

static void sizes_have_a_unit(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = {
		{0, "0 B"},
		{999, "999 B"},
		{1000, "1.0 kB"},
		{1234, "1.2 kB"},
		{99949, "99.9 kB"},
		{99950, "100 kB"},
		{999499, "999 kB"},
		{999500, "1.0 MB"},
		{UINT64_C(1230000000), "1.2 GB"},
		{UINT64_C(123456000000000), "123 TB"},
		{UINT64_MAX, "18.4 EB"},
	};
	char text[HUMAN_BYTES];

	(void)state;
	for (size_t at = 0; at < sizeof(cases) / sizeof(cases[0]); at++)
		assert_string_equal(human_size(cases[at].bytes, text), cases[at].text);
}

static void counts_have_thousands(void **state)
{
	char text[HUMAN_BYTES];

	(void)state;
	assert_string_equal(human_count(0, text), "0");
	assert_string_equal(human_count(999, text), "999");
	assert_string_equal(human_count(23000, text), "23,000");
	assert_string_equal(human_count(UINT64_MAX, text), "18,446,744,073,709,551,615");
}

static void times_are_rounded(void **state)
{
	char text[HUMAN_BYTES];

	(void)state;
	assert_string_equal(human_duration(-1, text), "0.0 s");
	assert_string_equal(human_duration(0.94, text), "0.9 s");
	assert_string_equal(human_duration(9.97, text), "10 s");
	assert_string_equal(human_duration(59.6, text), "1 min 00 s");
	assert_string_equal(human_duration(187, text), "3 min 07 s");
	assert_string_equal(human_duration(7500, text), "2 h 05 min");
	assert_string_equal(human_duration(3 * 86400 + 4 * 3600, text), "3 d 04 h");
	assert_string_equal(human_clock(0.2, text), "0:00");
	assert_string_equal(human_clock(187, text), "3:07");
	assert_string_equal(human_clock(3723, text), "1:02:03");
	assert_string_equal(human_clock(1e300, text), "100000 d 00 h");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_have_a_unit),
		cmocka_unit_test(counts_have_thousands),
		cmocka_unit_test(times_are_rounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
