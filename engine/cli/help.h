/* SPDX-License-Identifier: MIT */
/* What --help and --version show. 0, or -EIO when it could not be written. */
#ifndef ENGINE_CLI_HELP_H
#define ENGINE_CLI_HELP_H

#include <stdio.h>

#include "cli/option.h"

int help_print(const struct option_set *set, FILE *out);
int help_print_version(FILE *out);

#endif
