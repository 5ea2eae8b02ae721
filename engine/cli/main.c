/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "cli/command.h"
#include "haul/exit.h"

int main(int argc, char **argv)
{
	const struct command *command;

	if (argc < 2) {
		fprintf(stderr, "haul: missing command\n");
		return HAUL_EXIT_FAILED;
	}
	command = command_find(argv[1]);
	if (!command) {
		fprintf(stderr, "haul: unknown command '%s'\n", argv[1]);
		return HAUL_EXIT_FAILED;
	}
	return command->run(argc - 1, argv + 1);
}
