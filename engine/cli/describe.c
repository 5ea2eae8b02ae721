/* SPDX-License-Identifier: MIT */
#include "cli/describe.h"

#include <string.h>

#include "haul/exit.h"

static int describe_command(const char *name)
{
	const struct command *command = command_find(command_table, name);

	if (!command) {
		fprintf(stderr, "haul: unknown command '%s'\n", name);
		return HAUL_EXIT_FAILED;
	}
	man_print_options(command, stdout);
	return HAUL_EXIT_OK;
}

static int describe(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "man") == 0)
		return describe_command(argv[2]);
	if (argc != 2)
		return HAUL_EXIT_FAILED;
	if (strcmp(argv[1], "man-commands") == 0)
		man_print_commands(stdout);
	else if (strcmp(argv[1], "bash") == 0)
		completion_print_bash(stdout);
	else if (strcmp(argv[1], "zsh") == 0)
		completion_print_zsh(stdout);
	else if (strcmp(argv[1], "fish") == 0)
		completion_print_fish(stdout);
	else
		return HAUL_EXIT_FAILED;
	return HAUL_EXIT_OK;
}

int describe_main(int argc, char **argv)
{
	int status = describe(argc, argv);

	if (fflush(stdout) != 0 || ferror(stdout))
		return HAUL_EXIT_FAILED;
	return status;
}
