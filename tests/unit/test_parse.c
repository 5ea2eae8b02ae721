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

static void sizes_with_fractions(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {
		{"50M", 50u << 20},
		{"1.5G", UINT64_C(3) << 29},
		{"1.5GB", 1500000000},
		{"0.5K", 512},
		{"2.999", 2},
		{"0.1kB", 100},
		{"1.00000000000000000000000001K", 1024},
	};
	static const char *const bad[] = {"", ".5K", "1.", "1.K", "1.5X", "-1", "1,5K", "1.5.5"};
	uint64_t bytes;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(parse_size_decimal(good[i].text, &bytes), 0);
		assert_int_equal(bytes, good[i].bytes);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse_size_decimal(bad[i], &bytes), -EINVAL);
	assert_int_equal(parse_size_decimal("16E", &bytes), -ERANGE);
	assert_int_equal(parse_size("1.5K", &bytes), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_all_digits),
		cmocka_unit_test(sizes_have_gnu_suffixes),
		cmocka_unit_test(other_suffixes_are_refused),
		cmocka_unit_test(sizes_with_fractions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
