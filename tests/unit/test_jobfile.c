/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "run/jobfile.h"

struct said {
	unsigned count;
	unsigned number[8];
	char what[8][8];
};

static void wrong(void *context, const struct jobfile_error *error)
{
	struct said *said = context;

	assert_true(said->count < 8);
	said->number[said->count] = error->number;
	memcpy(said->what[said->count], error->what, sizeof(error->what));
	said->count++;
}

/* The words of all lines: "number/stage:[word][word] ..." */
static const char *words_of(const char *text)
{
	static char out[1024];
	struct jobfile file;
	size_t used = 0;

	assert_int_equal(jobfile_parse(text, strlen(text), NULL, NULL, &file), 0);
	out[0] = '\0';
	for (size_t i = 0; i < file.count; i++) {
		const struct jobfile_line *line = &file.line[i];

		used += (size_t)snprintf(out + used, sizeof(out) - used, "%s%u/%u:", i ? " " : "",
			line->number, line->stage);
		for (unsigned j = 0; j < line->word_count; j++)
			used += (size_t)snprintf(
				out + used, sizeof(out) - used, "[%s]", line->word[j]);
		assert_null(line->word[line->word_count]);
	}
	jobfile_free(&file);
	return out;
}

static void words_are_parted_by_blanks(void **state)
{
	(void)state;
	assert_string_equal(words_of(""), "");
	assert_string_equal(words_of("\n \t\n"), "");
	assert_string_equal(words_of("cp a b"), "1/0:[cp][a][b]");
	assert_string_equal(words_of("  cp \t a  b \n\nmv c d\n"), "1/0:[cp][a][b] 3/0:[mv][c][d]");
	assert_string_equal(words_of("cp a b\r\nrm c \r\n"), "1/0:[cp][a][b] 2/0:[rm][c]");
}

static void comments_begin_words(void **state)
{
	(void)state;
	assert_string_equal(words_of("# all\ncp a#1 b # c\n#"), "2/0:[cp][a#1][b]");
	assert_string_equal(words_of("cp \\# '#'"), "1/0:[cp][#][#]");
}

static void quotes_are_a_shells(void **state)
{
	(void)state;
	assert_string_equal(words_of("cp 'a b' \"c d\" e\\ f"), "1/0:[cp][a b][c d][e f]");
	assert_string_equal(words_of("'a'b\"c\"\\d"), "1/0:[abcd]");
	assert_string_equal(words_of("a '' \"\" b"), "1/0:[a][][][b]");
	assert_string_equal(words_of("'\\' \"\\\\\\\"\\$\\`\\a\""), "1/0:[\\][\\\"$`\\a]");
	assert_string_equal(words_of("'*?[$`|' \\* \\~ a~b"), "1/0:[*?[$`|][*][~][a~b]");
}

static void lines_are_joined(void **state)
{
	(void)state;
	assert_string_equal(words_of("cp \\\n a \\\nb\nrm c"), "1/0:[cp][a][b] 4/0:[rm][c]");
	assert_string_equal(
		words_of("cp a\\\nb \"c\\\nd\" 'e\nf'\nrm"), "1/0:[cp][ab][cd][e\nf] 5/0:[rm]");
}

static void barriers_part_stages(void **state)
{
	(void)state;
	assert_string_equal(
		words_of("a\nwait\nb\n wait # for it\nwait\nc"), "1/0:[a] 3/1:[b] 6/3:[c]");
}

static void expect_wrong(const char *text, size_t bytes, unsigned number, const char *what)
{
	struct said said = {0};
	struct jobfile file;

	assert_int_equal(jobfile_parse(text, bytes, wrong, &said, &file), -EINVAL);
	assert_int_equal(said.count, 1);
	assert_int_equal(said.number[0], number);
	assert_string_equal(said.what[0], what);
}

static void what_a_shell_would_act_on_is_refused(void **state)
{
	static const char refused[] = "|&;<>()`$*?[{}";

	(void)state;
	for (const char *at = refused; *at; at++) {
		char text[32], what[2] = {*at};
		int bytes = snprintf(text, sizeof(text), "cp a b\ncp x%cy b", *at);

		expect_wrong(text, (size_t)bytes, 2, what);
	}
	expect_wrong("cp ~/a b", 8, 1, "~");
	expect_wrong("cp \"$a\" b", 9, 1, "$");
}

static void what_is_not_closed_is_refused_where_it_began(void **state)
{
	(void)state;
	expect_wrong("a\nb 'c\nd\n", 9, 2, "'");
	expect_wrong("a\nb \"c\nd\n", 9, 2, "\"");
	expect_wrong("a\nb\\", 4, 2, "");
	expect_wrong("a\nb\0c", 5, 2, "");
	expect_wrong("a\nwait b\n", 9, 2, "");
}

static void all_that_is_wrong_is_said(void **state)
{
	const char *text = "a *\nb\nc ?\n";
	struct said said = {0};
	struct jobfile file;

	(void)state;
	assert_int_equal(jobfile_parse(text, strlen(text), wrong, &said, &file), -EINVAL);
	assert_int_equal(said.count, 2);
	assert_int_equal(said.number[0], 1);
	assert_int_equal(said.number[1], 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_parted_by_blanks),
		cmocka_unit_test(comments_begin_words),
		cmocka_unit_test(quotes_are_a_shells),
		cmocka_unit_test(lines_are_joined),
		cmocka_unit_test(barriers_part_stages),
		cmocka_unit_test(what_a_shell_would_act_on_is_refused),
		cmocka_unit_test(what_is_not_closed_is_refused_where_it_began),
		cmocka_unit_test(all_that_is_wrong_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
