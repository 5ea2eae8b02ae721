/* SPDX-License-Identifier: MIT */
/*
 * The options of cp, mv and rm: one table, whose rows say which of the three have them, and what
 * they amount to as a job.
 */
#ifndef ENGINE_CLI_JOB_OPTIONS_H
#define ENGINE_CLI_JOB_OPTIONS_H

#include "cli/option.h"
#include "job/job.h"

/* Bits of option_set.mask. */
enum job_command {
	COMMAND_CP = 1 << 0,
	COMMAND_MV = 1 << 1,
	COMMAND_RM = 1 << 2,
};

/* Which symbolic links in sources are followed. */
enum job_follow {
	FOLLOW_DEFAULT = 0, /* none when recursive, all otherwise */
	FOLLOW_NONE,
	FOLLOW_ARGUMENTS,
	FOLLOW_ALL,
};

/* What the options fill in. */
struct job_settings {
	struct job_request request;
	unsigned follow; /* enum job_follow */
	const char *target_directory;
	bool no_target_directory;
};

extern const struct option_row job_option_rows[];

/* Completes settings->request from the options and the operands, as GNU cp and mv understand them.
 * The request points into argv. Returns 0, or -EINVAL after saying what is wrong. */
int job_settings_finish(struct job_settings *settings, const struct option_set *set, char **operand,
	int operand_count);

#endif
