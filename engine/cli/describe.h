/* SPDX-License-Identifier: MIT */
/*
 * The option tables in other forms: roff for the man pages, and what the shells' completion scripts
 * are made of. The build fills them into the files of docs/.
 */
#ifndef ENGINE_CLI_DESCRIBE_H
#define ENGINE_CLI_DESCRIBE_H

#include <stdio.h>

#include "cli/command.h"

/* The options of a command and of its verbs, as sections of man(7). */
void man_print_options(const struct command *command, FILE *out);
/* All commands, as a list of man(7). */
void man_print_commands(FILE *out);

/* Functions that the script of docs/haul.bash calls. */
void completion_print_bash(FILE *out);
/* Functions that docs/haul.zsh calls. */
void completion_print_zsh(FILE *out);
/* All of fish's rules. */
void completion_print_fish(FILE *out);

/* `haul --role=describe man COMMAND | man-commands | bash | zsh | fish`, to standard output.
 * Returns the exit status. */
int describe_main(int argc, char **argv);

#endif
