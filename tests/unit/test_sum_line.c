/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "io/checksum.h"
#include "util/sum_line.h"

#define HIGH UINT64_C(0x0123456789abcdef)
#define LOW  UINT64_C(0xfedcba9876543210)
#define SUM  "0123456789abcdeffedcba9876543210"

static char *line_of(const char *name)
{
	char *text = NULL;
	size_t bytes;
	FILE *file = open_memstream(&text, &bytes);

	assert_non_null(file);
	assert_int_equal(sum_line_write(file, HIGH, LOW, name), 0);
	fclose(file);
	return text;
}

static void expect_line(const char *name, const char *expected)
{
	struct sum_line line;
	char *text = line_of(name);

	assert_string_equal(text, expected);
	text[strlen(text) - 1] = '\0';
	assert_int_equal(sum_line_parse(text, &line), 0);
	assert_true(line.high == HIGH && line.low == LOW);
	assert_string_equal(line.name, name);
	free(text);
}

static void names_come_back(void **state)
{
	(void)state;
	expect_line("a", SUM "  a\n");
	expect_line(" two  words ", SUM "   two  words \n");
	expect_line("\xff\xfe", SUM "  \xff\xfe\n");
	expect_line("new\nline", "\\" SUM "  new\\nline\n");
	expect_line("re\rturn", "\\" SUM "  re\\rturn\n");
	expect_line("back\\slash\\n", "\\" SUM "  back\\\\slash\\\\n\n");
}

static void binary_is_the_same(void **state)
{
	char text[] = SUM " *name";
	struct sum_line line;

	(void)state;
	assert_int_equal(sum_line_parse(text, &line), 0);
	assert_string_equal(line.name, "name");
}

static void other_lines_are_refused(void **state)
{
	static const char *const wrong[] = {
		"",
		"\\",
		SUM,
		SUM "  ",
		SUM " name",
		SUM "name",
		"x" SUM "  name",
		"0123456789abcdef  name",
		"\\" SUM "  back\\slash",
		"\\" SUM "  end\\",
	};
	struct sum_line line;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char *text = strdup(wrong[i]);

		assert_non_null(text);
		assert_int_equal(sum_line_parse(text, &line), -EINVAL);
		free(text);
	}
}

/* As `printf abc | xxh128sum` has it, and `xxh128sum /dev/null`. */
static void checksums_are_those_of_xxh128sum(void **state)
{
	struct checksum *checksum = checksum_new();
	struct checksum_value value = checksum_of("abc", 3);

	(void)state;
	assert_non_null(checksum);
	assert_true(value.high == UINT64_C(0x06b05ab6733a6185));
	assert_true(value.low == UINT64_C(0x78af5f94892f3950));
	value = checksum_get(checksum);
	assert_true(value.high == UINT64_C(0x99aa06d3014798d8));
	assert_true(value.low == UINT64_C(0x6001c324468d497f));
	checksum_free(checksum);
}

static void zeros_count(void **state)
{
	const size_t bytes = 200001;
	char *zeros = calloc(1, bytes);
	struct checksum *checksum = checksum_new();
	struct checksum_value a, b;

	(void)state;
	assert_non_null(zeros);
	assert_non_null(checksum);
	checksum_add_zeros(checksum, bytes);
	a = checksum_get(checksum);
	b = checksum_of(zeros, bytes);
	assert_true(a.high == b.high && a.low == b.low);
	checksum_free(checksum);
	free(zeros);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_come_back),
		cmocka_unit_test(binary_is_the_same),
		cmocka_unit_test(other_lines_are_refused),
		cmocka_unit_test(checksums_are_those_of_xxh128sum),
		cmocka_unit_test(zeros_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
