/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/command.h"
#include "cli/help.h"
#include "cli/job_options.h"

#define ARGUMENTS_MAX 16
#define TEXT_BYTES    16384
#define TRY_HELP      "Try 'haul cp --help' for more information.\n"

/* A command line, what became of it and what was written to a descriptor meanwhile. */
struct parsed {
	char *argument[ARGUMENTS_MAX + 1];
	int count;
	struct job_settings settings;
	enum option_result result;
	int first;
	char text[TEXT_BYTES];
};

static int redirect(int fd, int *ret_saved)
{
	int memory = memfd_create("output", MFD_CLOEXEC);

	assert_true(memory >= 0);
	*ret_saved = fcntl(fd, F_DUPFD_CLOEXEC, 10);
	assert_true(*ret_saved >= 0);
	assert_int_equal(dup2(memory, fd), fd);
	return memory;
}

static void restore(int fd, int saved, int memory, char *text)
{
	ssize_t bytes;

	fflush(stdout);
	fflush(stderr);
	assert_int_equal(dup2(saved, fd), fd);
	close(saved);
	bytes = pread(memory, text, TEXT_BYTES - 1, 0);
	assert_true(bytes >= 0);
	text[bytes] = '\0';
	close(memory);
}

static void split(struct parsed *parsed, char *line)
{
	parsed->argument[parsed->count++] = (char *)"cp";
	for (char *word = strtok(line, " "); word; word = strtok(NULL, " ")) {
		assert_true(parsed->count < ARGUMENTS_MAX);
		parsed->argument[parsed->count++] = word;
	}
	parsed->argument[parsed->count] = NULL;
}

/* Parses a line of words. `line` must outlive the result. Returns whether it made a request. */
static bool parse(struct parsed *ret_parsed, char *line)
{
	int saved;
	int memory;
	int error = 0;

	memset(ret_parsed, 0, sizeof(*ret_parsed));
	split(ret_parsed, line);
	memory = redirect(STDERR_FILENO, &saved);
	ret_parsed->result = option_parse(&cp_options, ret_parsed->count, ret_parsed->argument,
		&ret_parsed->settings, &ret_parsed->first);
	if (ret_parsed->result == OPTION_READY)
		error = job_settings_finish(&ret_parsed->settings, &cp_options,
			ret_parsed->argument + ret_parsed->first,
			ret_parsed->count - ret_parsed->first);
	restore(STDERR_FILENO, saved, memory, ret_parsed->text);
	return ret_parsed->result == OPTION_READY && error == 0;
}

static void assert_refused(const char *line, const char *message)
{
	struct parsed parsed;
	char *copy = strdup(line);

	assert_non_null(copy);
	assert_false(parse(&parsed, copy));
	assert_string_equal(parsed.text, message);
	free(copy);
}

static void operands_may_stand_between_options(void **state)
{
	struct parsed parsed;
	char line[] = "a -r b --workers 3 c -x";

	(void)state;
	assert_true(parse(&parsed, line));
	assert_int_equal(parsed.settings.request.source_count, 2);
	assert_string_equal(parsed.settings.request.sources[0], "a");
	assert_string_equal(parsed.settings.request.sources[1], "b");
	assert_string_equal(parsed.settings.request.target, "c");
	assert_true(parsed.settings.request.options.recursive);
	assert_true(parsed.settings.request.options.one_file_system);
	assert_int_equal(parsed.settings.request.worker_count, 3);
}

static void posixly_correct_ends_options_at_an_operand(void **state)
{
	struct parsed parsed;
	char line[] = "-x a -r b";

	(void)state;
	setenv("POSIXLY_CORRECT", "1", 1);
	assert_true(parse(&parsed, line));
	unsetenv("POSIXLY_CORRECT");
	assert_int_equal(parsed.settings.request.source_count, 2);
	assert_string_equal(parsed.settings.request.sources[1], "-r");
	assert_false(parsed.settings.request.options.recursive);
}

static void two_dashes_end_options(void **state)
{
	struct parsed parsed;
	char line[] = "-r -- -x b";

	(void)state;
	assert_true(parse(&parsed, line));
	assert_string_equal(parsed.settings.request.sources[0], "-x");
	assert_false(parsed.settings.request.options.one_file_system);
}

static void short_options_combine(void **state)
{
	struct parsed parsed;
	char line[] = "-rxtdir a";

	(void)state;
	assert_true(parse(&parsed, line));
	assert_true(parsed.settings.request.options.recursive);
	assert_true(parsed.settings.request.target_is_directory);
	assert_string_equal(parsed.settings.request.target, "dir");
	assert_int_equal(parsed.settings.request.source_count, 1);
}

static void long_options_may_be_shortened(void **state)
{
	struct parsed parsed;
	char line[] = "--arch --no-pres=mode --prog --strat=dir a b";
	char target[] = "--target-dir=x a";

	(void)state;
	assert_true(parse(&parsed, line));
	assert_true(parsed.settings.request.options.recursive);
	assert_false(parsed.settings.request.options.preserve & PRESERVE_MODE);
	assert_true(parsed.settings.request.options.default_modes);
	assert_true(parsed.settings.request.options.preserve & PRESERVE_XATTR);
	assert_int_equal(parsed.settings.request.progress, JOB_PROGRESS_ALWAYS);
	assert_int_equal(parsed.settings.request.options.strategy, STRATEGY_DIRECT);
	assert_true(parse(&parsed, target));
	assert_string_equal(parsed.settings.request.target, "x");
}

static void messages_are_those_of_gnu(void **state)
{
	(void)state;
	assert_refused("--nonsense a b", "haul cp: unrecognized option '--nonsense'\n" TRY_HELP);
	assert_refused("-q a b", "haul cp: invalid option -- 'q'\n" TRY_HELP);
	assert_refused("a b -t", "haul cp: option requires an argument -- 't'\n" TRY_HELP);
	assert_refused("--job", "haul cp: option '--job' requires an argument\n" TRY_HELP);
	assert_refused(
		"--force=1 a b", "haul cp: option '--force' doesn't allow an argument\n" TRY_HELP);
	assert_refused("--no-d --no a b",
		"haul cp: option '--no' is ambiguous; possibilities: '--no-clobber' "
		"'--no-dereference' '--no-preserve' '--no-target-directory'\n" TRY_HELP);
	assert_refused("", "haul cp: missing file operand\n" TRY_HELP);
	assert_refused("x", "haul cp: missing destination file operand after 'x'\n" TRY_HELP);
	assert_refused("-T a b c", "haul cp: extra operand 'c'\n" TRY_HELP);
	assert_refused("-t a -t b c", "haul cp: multiple target directories specified\n");
	assert_refused("-T -t a b", "haul cp: cannot combine --target-directory (-t) and "
				    "--no-target-directory (-T)\n");
}

static void unknown_words_are_answered_with_the_known(void **state)
{
	(void)state;
	assert_refused("--progress=sometimes a b",
		"haul cp: invalid argument 'sometimes' for '--progress'\nValid arguments are:\n"
		"  - 'auto'\n  - 'always'\n  - 'never'\n" TRY_HELP);
	assert_refused("--progress=a x y",
		"haul cp: ambiguous argument 'a' for '--progress'\nValid arguments are:\n"
		"  - 'auto'\n  - 'always'\n  - 'never'\n" TRY_HELP);
	assert_refused("--preserve=mode,shape a b",
		"haul cp: invalid argument 'shape' for '--preserve'\nValid arguments are:\n"
		"  - 'mode'\n  - 'timestamps'\n  - 'ownership'\n  - 'links'\n"
		"  - 'context'\n  - 'xattr'\n  - 'flags'\n  - 'all'\n" TRY_HELP);
}

static void numbers_stay_in_their_range(void **state)
{
	(void)state;
	assert_refused(
		"--workers=0 a b", "haul cp: '0' for '--workers' is not from 1 to 1023\n" TRY_HELP);
	assert_refused("--workers=99999999999999999999 a b",
		"haul cp: '99999999999999999999' for '--workers' is not from 1 to 1023\n" TRY_HELP);
	assert_refused(
		"--workers=two a b", "haul cp: invalid argument 'two' for '--workers'\n" TRY_HELP);
}

static void job_names_are_file_names(void **state)
{
	struct parsed parsed;
	char line[] = "--job nightly a b";

	(void)state;
	assert_true(parse(&parsed, line));
	assert_string_equal(parsed.settings.request.name, "nightly");
	assert_refused("--job=../x a b", "haul cp: invalid job name '../x'\n" TRY_HELP);
	assert_refused("--job= a b", "haul cp: invalid job name ''\n" TRY_HELP);
}

static void links_are_followed_as_gnu_does(void **state)
{
	static const struct {
		const char *line;
		bool all;
		bool arguments;
	} row[] = {
		{"a b", true, true},
		{"-r a b", false, false},
		{"-a a b", false, false},
		{"-rH a b", false, true},
		{"-rL a b", true, true},
		{"-P a b", false, false},
		{"-aL a b", true, true},
		{"-La a b", false, false},
	};
	struct parsed parsed;

	(void)state;
	for (unsigned index = 0; index < sizeof(row) / sizeof(row[0]); index++) {
		char *line = strdup(row[index].line);

		assert_non_null(line);
		assert_true(parse(&parsed, line));
		assert_int_equal(parsed.settings.request.options.dereference, row[index].all);
		assert_int_equal(parsed.settings.request.follow_arguments, row[index].arguments);
		free(line);
	}
}

static void attributes_add_up(void **state)
{
	static const struct {
		const char *line;
		uint32_t preserve;
	} row[] = {
		{"a b", 0},
		{"-p a b", PRESERVE_MODE | PRESERVE_OWNER | PRESERVE_TIMES},
		{"--preserve a b", PRESERVE_MODE | PRESERVE_OWNER | PRESERVE_TIMES},
		{"-d a b", PRESERVE_LINKS},
		{"-d --preserve=xattr,mode a b",
			PRESERVE_LINKS | PRESERVE_XATTR | PRESERVE_XATTR_OR_FAIL | PRESERVE_MODE},
		{"-p --no-preserve=owner,times a b", PRESERVE_MODE},
		{"-a --no-preserve=all a b", 0},
	};
	struct parsed parsed;

	(void)state;
	for (unsigned index = 0; index < sizeof(row) / sizeof(row[0]); index++) {
		char *line = strdup(row[index].line);

		assert_non_null(line);
		assert_true(parse(&parsed, line));
		assert_int_equal(parsed.settings.request.options.preserve, row[index].preserve);
		free(line);
	}
}

static void check_row(const struct option_set *set, const struct option_row *row)
{
	if (!row->hidden)
		assert_non_null(row->help);
	assert_non_null(option_group(set, row));
	if (row->help)
		assert_true(row->help[strlen(row->help) - 1] != '.');
	if (option_takes_argument(row))
		assert_non_null(row->metavar);
	if (row->kind == OPTION_CHOICE)
		assert_non_null(row->choices);
	if (row->kind == OPTION_ACTION || row->kind == OPTION_CUSTOM)
		assert_non_null(row->apply);
	if (row->kind == OPTION_NUMBER || row->kind == OPTION_SIZE)
		assert_true(row->minimum < row->maximum);
}

/* No later row of the set has this one's name or one of its letters. */
static void check_unique(const struct option_set *set, const struct option_row *row)
{
	const struct option_row *other;

	for (other = option_from(set, row + 1); other; other = option_from(set, other + 1)) {
		if (row->name && other->name)
			assert_string_not_equal(row->name, other->name);
		if (row->letters && other->letters)
			assert_null(strpbrk(row->letters, other->letters));
	}
}

static void check_table(const struct command *table)
{
	for (const struct command *command = table; command->name; command++) {
		const struct option_set *set = command->options;
		const struct option_row *row = set ? option_from(set, set->row) : NULL;

		for (; row; row = option_from(set, row + 1)) {
			check_row(set, row);
			check_unique(set, row);
		}
		if (command->verbs)
			check_table(command->verbs);
	}
}

static void every_row_is_complete_and_unique(void **state)
{
	(void)state;
	check_table(command_table);
}

static void help_tells_every_option_in_79_columns(void **state)
{
	const struct option_row *row;
	char text[TEXT_BYTES];
	char form[64];
	int saved;
	int memory = redirect(STDOUT_FILENO, &saved);

	(void)state;
	help_print(&cp_options, stdout);
	assert_int_equal(fflush(stdout), 0);
	restore(STDOUT_FILENO, saved, memory, text);
	for (row = option_from(&cp_options, cp_options.row); row;
		row = option_from(&cp_options, row + 1)) {
		if (row->name)
			snprintf(form, sizeof(form), "--%s", row->name);
		else
			snprintf(form, sizeof(form), "-%c", row->letters[0]);
		assert_non_null(strstr(text, form));
	}
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		assert_true(strlen(line) <= 79 && line[strlen(line) - 1] != ' ');
}

static void help_ends_parsing(void **state)
{
	struct parsed parsed;
	char line[] = "--help --nonsense";
	char text[TEXT_BYTES];
	int saved;
	int memory = redirect(STDOUT_FILENO, &saved);

	(void)state;
	assert_false(parse(&parsed, line));
	restore(STDOUT_FILENO, saved, memory, text);
	assert_int_equal(parsed.result, OPTION_SHOWN);
	assert_string_equal(parsed.text, "");
	assert_non_null(strstr(text, "Usage: haul cp "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operands_may_stand_between_options),
		cmocka_unit_test(posixly_correct_ends_options_at_an_operand),
		cmocka_unit_test(two_dashes_end_options),
		cmocka_unit_test(short_options_combine),
		cmocka_unit_test(long_options_may_be_shortened),
		cmocka_unit_test(messages_are_those_of_gnu),
		cmocka_unit_test(unknown_words_are_answered_with_the_known),
		cmocka_unit_test(numbers_stay_in_their_range),
		cmocka_unit_test(job_names_are_file_names),
		cmocka_unit_test(links_are_followed_as_gnu_does),
		cmocka_unit_test(attributes_add_up),
		cmocka_unit_test(every_row_is_complete_and_unique),
		cmocka_unit_test(help_tells_every_option_in_79_columns),
		cmocka_unit_test(help_ends_parsing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
