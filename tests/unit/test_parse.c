/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "util/parse.h"

static void numbers_are_all_digits(void **state)
{
	static const char *const wrong[] = {"", " 1", "1 ", "-1", "+1", "0x10", "1.5", "a"};
	uint64_t number = 7;

	(void)state;
	for (unsigned index = 0; index < sizeof(wrong) / sizeof(wrong[0]); index++)
		assert_int_equal(parse_number(wrong[index], &number), -EINVAL);
	assert_int_equal(parse_number("18446744073709551616", &number), -ERANGE);
	assert_int_equal(number, 7);
	assert_int_equal(parse_number("18446744073709551615", &number), 0);
	assert_true(number == UINT64_MAX);
	assert_int_equal(parse_number("007", &number), 0);
	assert_int_equal(number, 7);
}

static void sizes_have_gnu_suffixes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} right[] = {
		{"0", 0},
		{"512", 512},
		{"1K", 1024},
		{"1k", 1024},
		{"1kB", 1000},
		{"1KiB", 1024},
		{"50M", 50 << 20},
		{"3GB", UINT64_C(3000000000)},
		{"2T", UINT64_C(2) << 40},
		{"15E", UINT64_C(15) << 60},
	};
	uint64_t bytes;

	(void)state;
	for (unsigned index = 0; index < sizeof(right) / sizeof(right[0]); index++) {
		assert_int_equal(parse_size(right[index].text, &bytes), 0);
		assert_true(bytes == right[index].bytes);
	}
}

static void other_suffixes_are_refused(void **state)
{
	static const char *const wrong[] = {"", "K", "1B", "1Ki", "1KBs", "1Q", "1 K", "1.5M"};
	uint64_t bytes = 7;

	(void)state;
	for (unsigned index = 0; index < sizeof(wrong) / sizeof(wrong[0]); index++)
		assert_int_equal(parse_size(wrong[index], &bytes), -EINVAL);
	assert_int_equal(parse_size("16E", &bytes), -ERANGE);
	assert_int_equal(bytes, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_all_digits),
		cmocka_unit_test(sizes_have_gnu_suffixes),
		cmocka_unit_test(other_suffixes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
