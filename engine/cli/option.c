/* SPDX-License-Identifier: MIT */
#include "cli/option.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/help.h"
#include "util/parse.h"

#define PROGRAM_BYTES     512
#define LETTERS_BYTES     (4 * OPTION_ROWS_MAX)
#define LONG_OPTION_FIRST (UCHAR_MAX + 1) /* getopt's values of long options begin here */

/* The tables in the form that getopt_long reads. */
struct getopt_tables {
	struct option name[OPTION_ROWS_MAX + 1];
	char letters[LETTERS_BYTES];
};

bool option_takes_argument(const struct option_row *row)
{
	return row->kind >= OPTION_TEXT;
}

bool option_applies(const struct option_set *set, const struct option_row *row)
{
	return row->commands == 0 || (row->commands & set->mask);
}

const struct option_row *option_from(const struct option_set *set, const struct option_row *row)
{
	for (; row; row = row->more) {
		for (; row->letters || row->name; row++) {
			if (option_applies(set, row))
				return row;
		}
	}
	return NULL;
}

const struct option_row *option_shown_from(
	const struct option_set *set, const struct option_row *row)
{
	row = option_from(set, row);
	while (row && row->hidden)
		row = option_from(set, row + 1);
	return row;
}

const char *option_group(const struct option_set *set, const struct option_row *row)
{
	const struct option_row *at = set->row;
	const char *group = at->group;

	while (at != row) {
		at = at->letters || at->name ? at + 1 : at->more;
		if (at->group)
			group = at->group;
	}
	return group;
}

static const char *program_of(const struct option_set *set, char *space, size_t capacity)
{
	if (set->program)
		return set->program;
	snprintf(space, capacity, "haul %s", set->command);
	return space;
}

static void say(const struct option_set *set, const char *format, va_list arguments)
{
	char program[PROGRAM_BYTES];

	fprintf(stderr, "%s: ", program_of(set, program, sizeof(program)));
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
}

static void say_where_help_is(const struct option_set *set)
{
	char program[PROGRAM_BYTES];

	if (set->quoted)
		return;
	fprintf(stderr, "Try '%s --help' for more information.\n",
		program_of(set, program, sizeof(program)));
}

void option_error(const struct option_set *set, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(set, format, arguments);
	va_end(arguments);
}

void option_wrong(const struct option_set *set, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(set, format, arguments);
	va_end(arguments);
	say_where_help_is(set);
}

static int argument_kind(const struct option_row *row)
{
	if (!option_takes_argument(row))
		return no_argument;
	return row->fallback ? optional_argument : required_argument;
}

static void add_letters(char *letters, const struct option_row *row)
{
	static const char *const colons[] = {
		[no_argument] = "", [required_argument] = ":", [optional_argument] = "::"};
	size_t used = strlen(letters);

	for (const char *letter = row->letters; letter && *letter; letter++) {
		used += (size_t)snprintf(letters + used, LETTERS_BYTES - used, "%c%s", *letter,
			colons[argument_kind(row)]);
		assert(used < LETTERS_BYTES);
	}
}

static void fill_tables(const struct option_set *set, struct getopt_tables *tables)
{
	const struct option_row *row;
	unsigned count = 0;

	memset(tables, 0, sizeof(*tables));
	for (row = option_from(set, set->row); row; row = option_from(set, row + 1)) {
		add_letters(tables->letters, row);
		if (!row->name)
			continue;
		assert(count < OPTION_ROWS_MAX);
		tables->name[count].name = row->name;
		tables->name[count].has_arg = argument_kind(row);
		tables->name[count].val = LONG_OPTION_FIRST + (int)count;
		count++;
	}
}

static const struct option_row *find_row(const struct option_set *set, int value)
{
	const struct option_row *row;
	int named = LONG_OPTION_FIRST; /* counts as fill_tables does */

	for (row = option_from(set, set->row); row; row = option_from(set, row + 1)) {
		if (row->letters && value < LONG_OPTION_FIRST && strchr(row->letters, value))
			return row;
		if (row->name && value == named++)
			return row;
	}
	return NULL;
}

/* "--workers" or "-t", for messages. */
static const char *row_title(const struct option_row *row, char *text, size_t capacity)
{
	if (row->title)
		snprintf(text, capacity, "%s", row->title);
	else if (row->name)
		snprintf(text, capacity, "--%s", row->name);
	else
		snprintf(text, capacity, "-%c", row->letters[0]);
	return text;
}

static int apply_number(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument)
{
	uint64_t number = 0;
	char title[PROGRAM_BYTES];
	int error = row->kind == OPTION_SIZE ? parse_size(argument, &number)
					     : parse_number(argument, &number);

	if (error == -EINVAL) {
		option_wrong(set, "invalid argument '%s' for '%s'", argument,
			row_title(row, title, sizeof(title)));
		return -EINVAL;
	}
	if (error || number < row->minimum || number > row->maximum) {
		option_wrong(set, "'%s' for '%s' is not from %" PRIu64 " to %" PRIu64, argument,
			row_title(row, title, sizeof(title)), row->minimum, row->maximum);
		return -EINVAL;
	}
	if (row->kind == OPTION_SIZE)
		*(uint64_t *)((char *)settings + row->offset) = number;
	else
		*(unsigned *)((char *)settings + row->offset) = (unsigned)number;
	return 0;
}

static void list_choices(const struct option_choice *choice)
{
	fputs("Valid arguments are:\n", stderr);
	for (; choice->word; choice++)
		fprintf(stderr, "  - '%s'\n", choice->word);
}

static int refuse_choice(const struct option_set *set, const struct option_row *row,
	const char *problem, const char *word, int bytes)
{
	char title[PROGRAM_BYTES];

	option_error(set, "%s argument '%.*s' for '%s'", problem, bytes, word,
		row_title(row, title, sizeof(title)));
	list_choices(row->choices);
	say_where_help_is(set);
	return -EINVAL;
}

int option_choose(
	const struct option_set *set, const struct option_row *row, const char *word, size_t bytes)
{
	const struct option_choice *found = NULL;

	for (const struct option_choice *choice = row->choices; choice->word; choice++) {
		if (strncmp(choice->word, word, bytes) != 0)
			continue;
		if (choice->word[bytes] == '\0')
			return (int)choice->value;
		if (found && found->value != choice->value)
			return refuse_choice(set, row, "ambiguous", word, (int)bytes);
		found = choice;
	}
	if (!found)
		return refuse_choice(set, row, "invalid", word, (int)bytes);
	return (int)found->value;
}

static int apply_choice(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument)
{
	int value = option_choose(set, row, argument, strlen(argument));

	if (value < 0)
		return value;
	*(unsigned *)((char *)settings + row->offset) = (unsigned)value;
	return 0;
}

static int apply_row(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument)
{
	char *field = (char *)settings + row->offset;

	switch (row->kind) {
	case OPTION_FLAG:
		*(bool *)field = true;
		return 0;
	case OPTION_VALUE:
		*(unsigned *)field = row->value;
		return 0;
	case OPTION_TEXT:
		*(const char **)field = argument;
		return 0;
	case OPTION_NUMBER:
	case OPTION_SIZE:
		return apply_number(settings, set, row, argument);
	case OPTION_CHOICE:
		return apply_choice(settings, set, row, argument);
	case OPTION_ACTION:
	case OPTION_CUSTOM:
		return row->apply(settings, set, row, argument);
	case OPTION_HELP:
	case OPTION_VERSION:
		break;
	}
	return 0;
}

/* For what must not be asked for by accident. `typed` is the argument that held the option. */
static bool is_in_full(
	const struct option_set *set, const struct option_row *row, const char *typed)
{
	if (!row->in_full || !strcmp(typed + 2, row->name))
		return true;
	option_error(set, "you may not abbreviate the --%s option", row->name);
	return false;
}

static enum option_result take_option(
	const struct option_set *set, int value, const char *typed, void *settings)
{
	const struct option_row *row = find_row(set, value);
	const char *argument = optarg;

	if (!row) {
		say_where_help_is(set);
		return OPTION_WRONG;
	}
	if (!is_in_full(set, row, typed))
		return OPTION_WRONG;
	if (row->kind == OPTION_HELP)
		help_print(set, stdout);
	if (row->kind == OPTION_VERSION)
		help_print_version(stdout);
	if (row->kind == OPTION_HELP || row->kind == OPTION_VERSION)
		return OPTION_SHOWN;
	if (!argument)
		argument = row->fallback;
	return apply_row(settings, set, row, argument) == 0 ? OPTION_READY : OPTION_WRONG;
}

enum option_result option_parse(
	const struct option_set *set, int argc, char **argv, void *settings, int *ret_first)
{
	enum option_result result = OPTION_READY;
	struct getopt_tables tables;
	char program[PROGRAM_BYTES], title[PROGRAM_BYTES];
	char *name = argv[0];
	int value;

	fill_tables(set, &tables);
	/* getopt_long begins its messages with argv[0]. */
	snprintf(program, sizeof(program), "%s", program_of(set, title, sizeof(title)));
	argv[0] = program;
	optind = 0;
	while (result == OPTION_READY) {
		value = getopt_long(argc, argv, tables.letters, tables.name, NULL);
		if (value < 0)
			break;
		result = take_option(set, value, argv[optind - 1], settings);
	}
	argv[0] = name;
	if (result == OPTION_READY)
		*ret_first = optind;
	return result;
}

enum option_result option_parse_all(
	const struct option_set *set, int argc, char **argv, void *settings)
{
	int first;
	enum option_result result = option_parse(set, argc, argv, settings, &first);

	if (result != OPTION_READY || first == argc)
		return result;
	option_wrong(set, "extra operand '%s'", argv[first]);
	return OPTION_WRONG;
}
