/* SPDX-License-Identifier: MIT */
#include "cli/describe.h"

#include <string.h>

/* Calls `print` for each command and verb of a table that has options. */
static void each_set(
	const struct command *table, FILE *out, void (*print)(const struct option_set *, FILE *))
{
	for (const struct command *command = table; command->name; command++) {
		if (command->options)
			print(command->options, out);
		for (const struct command *verb = command->verbs; verb && verb->name; verb++)
			print(verb->options, out);
	}
}

static void print_commands(const struct command *table, FILE *out)
{
	for (const struct command *command = table; command->name; command++)
		fprintf(out, "%s ", command->name);
}

/* Text between single quotes: what a shell leaves alone. `special` are characters that the script
 * itself would take for something else; they get a backslash. */
static void print_quoted(const char *text, const char *special, FILE *out)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", out);
		else if (strchr(special, *text))
			fprintf(out, "\\%c", *text);
		else
			fputc(*text, out);
	}
}

static void print_choices(const struct option_row *row, const char *separator, FILE *out)
{
	for (const struct option_choice *choice = row->choices; choice->word; choice++)
		fprintf(out, "%s%s", choice == row->choices ? "" : separator, choice->word);
}

static void print_names(const struct option_row *row, const char *separator, FILE *out)
{
	const char *letter = row->letters;

	for (; letter && *letter; letter++)
		fprintf(out, "-%c%s", *letter, letter[1] || row->name ? separator : "");
	if (row->name)
		fprintf(out, "--%s", row->name);
}

/* ---- bash ---- */

/* A case of _haul_options. */
static void print_bash_options(const struct option_set *set, FILE *out)
{
	const struct option_row *row;

	fprintf(out, "\t'%s') echo '", set->command);
	for (row = option_shown_from(set, set->row); row; row = option_shown_from(set, row + 1)) {
		print_names(row, " ", out);
		fputc(' ', out);
	}
	fputs("' ;;\n", out);
}

/* A case of _haul_values. An optional argument always follows "=". */
static void print_bash_value(const struct option_set *set, const struct option_row *row, FILE *out)
{
	const char *letter = row->letters;

	if (!option_takes_argument(row))
		return;
	fputs("\t", out);
	for (; letter && *letter && !row->fallback; letter++)
		fprintf(out, "'%s -%c'%s", set->command, *letter,
			letter[1] || row->name ? " | " : "");
	if (row->name && !row->fallback)
		fprintf(out, "'%s --%s' | ", set->command, row->name);
	if (row->name)
		fprintf(out, "'%s --%s='", set->command, row->name);
	fputs(") echo '", out);
	if (row->choices)
		print_choices(row, " ", out);
	else if (row->names == NAMES_DIRECTORY)
		fputs("@directory", out);
	else if (row->names == NAMES_FILE)
		fputs("@file", out);
	else
		fputs("@nothing", out);
	fputs("' ;;\n", out);
}

static void print_bash_values(const struct option_set *set, FILE *out)
{
	const struct option_row *row;

	for (row = option_shown_from(set, set->row); row; row = option_shown_from(set, row + 1))
		print_bash_value(set, row, out);
}

static void print_bash_verbs(FILE *out)
{
	for (const struct command *command = command_table; command->name; command++) {
		if (!command->verbs)
			continue;
		fprintf(out, "\t%s) echo '", command->name);
		print_commands(command->verbs, out);
		fputs("' ;;\n", out);
	}
}

void completion_print_bash(FILE *out)
{
	fputs("_haul_commands()\n{\n\techo '", out);
	print_commands(command_table, out);
	fputs("'\n}\n\n_haul_verbs()\n{\n\tcase $1 in\n", out);
	print_bash_verbs(out);
	fputs("\tesac\n}\n\n_haul_options()\n{\n\tcase $1 in\n", out);
	each_set(command_table, out, print_bash_options);
	fputs("\tesac\n}\n\n_haul_values()\n{\n\tcase $1 in\n", out);
	each_set(command_table, out, print_bash_values);
	fputs("\tesac\n}\n", out);
}

/* ---- zsh ---- */

static void print_zsh_value(const struct option_row *row, FILE *out)
{
	if (!option_takes_argument(row))
		return;
	fprintf(out, "%s%s:", row->fallback ? "::" : ":", row->metavar);
	if (row->choices) {
		fputc('(', out);
		print_choices(row, " ", out);
		fputc(')', out);
	} else if (row->names == NAMES_DIRECTORY) {
		fputs("_directories", out);
	} else if (row->names == NAMES_FILE) {
		fputs("_files", out);
	}
}

static void print_zsh_form(const struct option_row *row, const char *form, FILE *out)
{
	fprintf(out, "\t\t\t'*%s[", form);
	print_quoted(row->help, "[]:\\", out);
	fputc(']', out);
	print_zsh_value(row, out);
	fputs("' \\\n", out);
}

static void print_zsh_row(const struct option_row *row, FILE *out)
{
	const char *letter = row->letters;
	const char *ending = option_takes_argument(row) ? "+" : "";
	char form[64];

	for (; letter && *letter; letter++) {
		snprintf(form, sizeof(form), "-%c%s", *letter, ending);
		print_zsh_form(row, form, out);
	}
	if (row->name) {
		ending = !option_takes_argument(row) ? "" : row->fallback ? "=-" : "=";
		snprintf(form, sizeof(form), "--%s%s", row->name, ending);
		print_zsh_form(row, form, out);
	}
}

static void print_zsh_command(const struct option_set *set, FILE *out)
{
	const struct option_row *row;

	fprintf(out, "\t'%s')\n\t\t_arguments -s -S \\\n", set->command);
	for (row = option_shown_from(set, set->row); row; row = option_shown_from(set, row + 1))
		print_zsh_row(row, out);
	fprintf(out, "\t\t\t'*:%s'\n\t\t;;\n",
		set->operands == NAMES_FILE        ? "file:_files"
		: set->operands == NAMES_DIRECTORY ? "directory:_directories"
						   : "operand:");
}

static void print_zsh_list(const struct command *table, FILE *out)
{
	for (const struct command *command = table; command->name; command++) {
		fprintf(out, "\t\t'%s:", command->name);
		print_quoted(command->summary, ":\\", out);
		fputs("'\n", out);
	}
}

static void print_zsh_verbs(FILE *out)
{
	for (const struct command *command = command_table; command->name; command++) {
		if (!command->verbs)
			continue;
		fprintf(out, "\t%s) verbs=(\n", command->name);
		print_zsh_list(command->verbs, out);
		fputs("\t) ;;\n", out);
	}
}

void completion_print_zsh(FILE *out)
{
	fputs("_haul_commands()\n{\n\tlocal -a commands=(\n", out);
	print_zsh_list(command_table, out);
	fputs("\t)\n\t_describe command commands\n}\n\n"
	      "# Sets the array `verbs`.\n_haul_verbs()\n{\n\tverbs=()\n\tcase $1 in\n",
		out);
	print_zsh_verbs(out);
	fputs("\tesac\n}\n\n_haul_command()\n{\n\tcase $1 in\n", out);
	each_set(command_table, out, print_zsh_command);
	fputs("\t*) _files ;;\n\tesac\n}\n", out);
}

/* ---- fish ---- */

static void print_fish_text(const char *text, FILE *out)
{
	fputs(" -d '", out);
	for (; *text; text++)
		fprintf(out, strchr("'\\", *text) ? "\\%c" : "%c", *text);
	fputs("'\n", out);
}

/* When the command line is that of "serial list": the condition of its options. */
static void print_fish_condition(const char *command, FILE *out)
{
	const char *blank = strchr(command, ' ');
	int bytes = blank ? (int)(blank - command) : (int)strlen(command);

	fprintf(out, "complete -c haul -n '__fish_seen_subcommand_from %.*s", bytes, command);
	if (blank)
		fprintf(out, "; and __fish_seen_subcommand_from%s", blank);
	fputc('\'', out);
}

static void print_fish_row(const struct option_set *set, const struct option_row *row, FILE *out)
{
	const char *letter = row->letters;

	print_fish_condition(set->command, out);
	for (; letter && *letter; letter++)
		fprintf(out, " -s %c", *letter);
	if (row->name)
		fprintf(out, " -l %s", row->name);
	if (option_takes_argument(row) && !row->fallback)
		fputs(" -r", out);
	if (option_takes_argument(row) && row->names == NAMES_NOTHING)
		fputs(" -f", out);
	if (row->names == NAMES_DIRECTORY)
		fputs(" -a '(__fish_complete_directories)'", out);
	if (option_takes_argument(row) && row->choices) {
		fputs(" -a '", out);
		print_choices(row, " ", out);
		fputc('\'', out);
	}
	print_fish_text(row->help, out);
}

static void print_fish_set(const struct option_set *set, FILE *out)
{
	const struct option_row *row;

	for (row = option_shown_from(set, set->row); row; row = option_shown_from(set, row + 1))
		print_fish_row(set, row, out);
}

static void print_fish_verbs(const struct command *command, FILE *out)
{
	for (const struct command *verb = command->verbs; verb && verb->name; verb++) {
		fprintf(out,
			"complete -c haul -n '__fish_seen_subcommand_from %s; "
			"and not __fish_seen_subcommand_from ",
			command->name);
		print_commands(command->verbs, out);
		fprintf(out, "' -f -a %s", verb->name);
		print_fish_text(verb->summary, out);
	}
}

void completion_print_fish(FILE *out)
{
	for (const struct command *command = command_table; command->name; command++) {
		fprintf(out, "complete -c haul -n __fish_use_subcommand -f -a %s", command->name);
		print_fish_text(command->summary, out);
		print_fish_verbs(command, out);
	}
	each_set(command_table, out, print_fish_set);
}
