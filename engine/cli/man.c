/* SPDX-License-Identifier: MIT */
#include "cli/describe.h"

/* Text in which nothing means anything to roff. */
static void print_text(const char *text, FILE *out)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", out);
	for (; *text; text++) {
		switch (*text) {
		case '\\':
			fputs("\\e", out);
			break;
		case '-':
			fputs("\\-", out);
			break;
		case '\'':
			fputs("\\(aq", out);
			break;
		default:
			fputc(*text, out);
		}
	}
}

static void print_sentence(const char *text, FILE *out)
{
	if (*text >= 'a' && *text <= 'z')
		fputc(*text++ - 'a' + 'A', out);
	print_text(text, out);
	fputs(".\n", out);
}

static void print_argument(const struct option_row *row, FILE *out)
{
	const char *separator = row->name ? "=" : " ";

	fprintf(out, "%s%s\\fI", row->fallback ? "[" : "", separator);
	print_text(row->metavar, out);
	fprintf(out, "\\fR%s", row->fallback ? "]" : "");
}

static void print_row(const struct option_row *row, FILE *out)
{
	const char *letter = row->letters;

	fputs(".TP\n", out);
	for (; letter && *letter; letter++)
		fprintf(out, "\\fB\\-%c\\fR%s", *letter, letter[1] || row->name ? ", " : "");
	if (row->name) {
		fputs("\\fB\\-\\-", out);
		print_text(row->name, out);
		fputs("\\fR", out);
	}
	if (option_takes_argument(row))
		print_argument(row, out);
	fputc('\n', out);
	print_sentence(row->help, out);
}

static void print_groups(const struct option_set *set, FILE *out)
{
	const struct option_row *row;
	const char *group = NULL;

	for (row = option_shown_from(set, set->row); row; row = option_shown_from(set, row + 1)) {
		if (group != option_group(set, row)) {
			group = option_group(set, row);
			fputs(".SS ", out);
			print_text(group, out);
			fputc('\n', out);
		}
		print_row(row, out);
	}
}

/* A verb's section, in which groups would be one heading too many. */
static void print_verb(const struct command *verb, FILE *out)
{
	const struct option_set *set = verb->options;
	const struct option_row *row;

	fprintf(out, ".SS haul %s\n", set->command);
	for (unsigned line = 0; set->usage[line]; line++) {
		fprintf(out, "%s\\fBhaul %s\\fR ", line ? ".br\n" : "", set->command);
		print_text(set->usage[line], out);
		fputc('\n', out);
	}
	fputs(".PP\n", out);
	print_text(set->description, out);
	fputc('\n', out);
	for (row = option_shown_from(set, set->row); row; row = option_shown_from(set, row + 1))
		print_row(row, out);
}

void man_print_options(const struct command *command, FILE *out)
{
	if (command->options)
		print_groups(command->options, out);
	for (const struct command *verb = command->verbs; verb && verb->name; verb++)
		print_verb(verb, out);
}

void man_print_commands(FILE *out)
{
	for (const struct command *command = command_table; command->name; command++) {
		fprintf(out, ".TP\n\\fBhaul %s\\fR\n", command->name);
		print_sentence(command->summary, out);
	}
}
