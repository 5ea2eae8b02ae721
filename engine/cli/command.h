/* SPDX-License-Identifier: MIT */
/* The subcommands of the haul program. */
#ifndef ENGINE_CLI_COMMAND_H
#define ENGINE_CLI_COMMAND_H

struct command {
	const char *name;
	const char *summary; /* one line, for `haul --help` */
	/* argv[0] is the subcommand's name. Returns the exit status. */
	int (*run)(int argc, char **argv);
};

/* Ends with a row whose name is NULL. */
extern const struct command command_table[];

/* NULL when there is none of this name. */
const struct command *command_find(const char *name);

#endif
