/* SPDX-License-Identifier: MIT */
/*
 * Options as table rows. One row says everything about an option; from it come the parser, the
 * range check, --help, the man page's option section and the shells' completions.
 *
 * Parsing is GNU's getopt_long: operands may stand between options, short options combine, long
 * ones may be shortened while that is unambiguous, `--` ends them, POSIXLY_CORRECT is honoured, and
 * its messages are GNU's.
 */
#ifndef ENGINE_CLI_OPTION_H
#define ENGINE_CLI_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPTION_ROWS_MAX 96

struct option_set;
struct option_row;

enum option_kind {
	/* Without an argument. */
	OPTION_FLAG = 0, /* sets the bool at `offset` */
	OPTION_VALUE,    /* sets the unsigned at `offset` to `value` */
	OPTION_ACTION,   /* calls `apply` with `fallback` */
	OPTION_HELP,     /* shows the help and ends parsing */
	OPTION_VERSION,  /* the same for the version */
	/* With one. */
	OPTION_TEXT,   /* sets the const char * at `offset`, which points into argv */
	OPTION_NUMBER, /* sets the unsigned at `offset`, from `minimum` to `maximum` */
	OPTION_SIZE,   /* sets the uint64_t at `offset`, in bytes, from `minimum` to `maximum` */
	OPTION_CHOICE, /* sets the unsigned at `offset` to the value of one of `choices` */
	OPTION_CUSTOM, /* calls `apply`; `choices` serve help and completion */
};

struct option_choice {
	const char *word; /* NULL ends a list */
	unsigned value;
};

/* What an argument or operand names, for completion. */
enum option_names {
	NAMES_NOTHING = 0,
	NAMES_FILE,
	NAMES_DIRECTORY,
};

struct option_row {
	const char *letters; /* short forms, "Rr"; NULL: none */
	const char *name;    /* long form, without dashes; NULL: none */
	enum option_kind kind;
	unsigned commands;    /* bits of the option_set.mask that have it; 0: all */
	const char *group;    /* heading in help and man page; NULL: as the row before */
	const char *title;    /* in messages about the argument; NULL: its name */
	const char *metavar;  /* the argument's name */
	const char *fallback; /* the argument is optional, and this is it when none is given */
	const char *help;     /* a sentence without capital and full stop */
	size_t offset;        /* in the settings */
	unsigned value;
	bool in_full; /* the name may not be shortened */
	bool hidden;  /* from help, man page and completion */
	uint64_t minimum;
	uint64_t maximum;
	const struct option_choice *choices;
	enum option_names names;
	const struct option_row *more; /* of a last row: where the table goes on, or NULL */
	/* Returns 0, or -EINVAL after saying what is wrong. */
	int (*apply)(void *settings, const struct option_set *set, const struct option_row *row,
		const char *argument);
};

/* The options of one command. */
struct option_set {
	const char *command;          /* "cp" */
	const char *program;          /* what messages begin with; NULL: "haul cp" */
	const char *const *usage;     /* what follows the command, a line each, ended by NULL */
	const char *description;      /* a paragraph for --help */
	const struct option_row *row; /* ended by a row without letters and name */
	unsigned mask;
	enum option_names operands;
	bool quoted; /* it stands in a file: where help is would be no help there */
};

enum option_result {
	OPTION_READY = 0,
	OPTION_SHOWN, /* help or version was asked for and shown: leave with status 0 */
	OPTION_WRONG, /* something was wrong and has been said: leave with status 1 */
};

/* Fills in the settings, which hold the defaults before. argv is reordered: operands begin at
 * *ret_first. Not for several threads at once: getopt_long keeps its state in globals. */
enum option_result option_parse(
	const struct option_set *set, int argc, char **argv, void *settings, int *ret_first);
/* The same for a command that takes no operands: one is wrong. */
enum option_result option_parse_all(
	const struct option_set *set, int argc, char **argv, void *settings);

/* Says "haul cp: …". */
void option_error(const struct option_set *set, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The same and, on the next line, where to find help. */
void option_wrong(const struct option_set *set, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Finds the choice that `word` of `bytes` is, or begins unambiguously. Returns its value, or says
 * what is wrong with it as GNU does, and returns -EINVAL. */
int option_choose(
	const struct option_set *set, const struct option_row *row, const char *word, size_t bytes);

/* Does this row belong to this set's command? */
bool option_applies(const struct option_set *set, const struct option_row *row);
/* The first row of the set, from `row` on, that applies; NULL at the end. Loop:
 *	for (row = option_from(set, set->row); row; row = option_from(set, row + 1)) */
const struct option_row *option_from(const struct option_set *set, const struct option_row *row);
/* The same of those that people are told about. */
const struct option_row *option_shown_from(
	const struct option_set *set, const struct option_row *row);

/* The heading that the row stands under. The table's first row must have one. */
const char *option_group(const struct option_set *set, const struct option_row *row);

bool option_takes_argument(const struct option_row *row);

#endif
