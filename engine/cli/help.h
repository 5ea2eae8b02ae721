/* SPDX-License-Identifier: MIT */
/* What --help and --version show. */
#ifndef ENGINE_CLI_HELP_H
#define ENGINE_CLI_HELP_H

#include <stdio.h>

#include "cli/option.h"

void help_print(const struct option_set *set, FILE *out);
void help_print_version(FILE *out);

#endif
