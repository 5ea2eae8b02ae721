/* SPDX-License-Identifier: MIT */
/* cp with several targets (--to). */
#ifndef ENGINE_CLI_CP_TARGETS_H
#define ENGINE_CLI_CP_TARGETS_H

#include "cli/job_settings.h"

/* Copies to all of settings->to and returns the exit status. `argv` is what was parsed, and the
 * request's sources its end. */
int cp_targets_run(struct job_settings *settings, char **argv);

#endif
