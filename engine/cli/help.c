/* SPDX-License-Identifier: MIT */
#include "cli/help.h"

#include <stdbool.h>
#include <string.h>

#include "haul/version.h"

#define TEXT_COLUMN  31 /* where the help text begins */
#define LINE_COLUMNS 79

/* The options as they are typed: "  -t, --target-directory=DIRECTORY". Returns the columns. */
static int print_forms(const struct option_row *row, FILE *out)
{
	const char *letter = row->letters;
	int columns = letter ? 2 : 6;

	fprintf(out, "%*s", columns, "");
	for (; letter && *letter; letter++)
		columns += fprintf(out, "-%c%s", *letter, letter[1] || row->name ? ", " : "");
	if (row->name)
		columns += fprintf(out, "--%s", row->name);
	if (option_takes_argument(row)) {
		const char *separator = row->name ? "=" : " ";

		columns += row->fallback ? fprintf(out, "[%s%s]", separator, row->metavar)
					 : fprintf(out, "%s%s", separator, row->metavar);
	}
	return columns;
}

/* Prints text from TEXT_COLUMN on, broken at blanks, later lines two columns further in. */
static void print_wrapped(const char *text, FILE *out)
{
	int at = TEXT_COLUMN;
	bool first = true;

	while (*text) {
		int bytes = (int)strcspn(text, " ");

		if (!first && at + 1 + bytes > LINE_COLUMNS) {
			fprintf(out, "\n%*s", TEXT_COLUMN + 2, "");
			at = TEXT_COLUMN + 2;
		} else if (!first) {
			at += fprintf(out, " ");
		}
		at += fprintf(out, "%.*s", bytes, text);
		text += bytes + (text[bytes] == ' ');
		first = false;
	}
	fputc('\n', out);
}

static void print_row(const struct option_row *row, FILE *out)
{
	int columns = print_forms(row, out);

	if (columns + 2 > TEXT_COLUMN)
		fprintf(out, "\n%*s", TEXT_COLUMN, "");
	else
		fprintf(out, "%*s", TEXT_COLUMN - columns, "");
	print_wrapped(row->help, out);
}

static void print_usage(const struct option_set *set, FILE *out)
{
	for (unsigned line = 0; set->usage[line]; line++)
		fprintf(out, "%s haul %s %s\n", line == 0 ? "Usage:" : "  or: ", set->command,
			set->usage[line]);
}

void help_print(const struct option_set *set, FILE *out)
{
	const struct option_row *row;
	const char *group = NULL;

	print_usage(set, out);
	fprintf(out, "%s\n", set->description);
	for (row = option_shown_from(set, set->row); row; row = option_shown_from(set, row + 1)) {
		if (group != option_group(set, row)) {
			group = option_group(set, row);
			fprintf(out, "\n%s:\n", group);
		}
		print_row(row, out);
	}
}

void help_print_version(FILE *out)
{
	fprintf(out, "haul %s\n", HAUL_VERSION);
}
