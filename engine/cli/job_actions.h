/* SPDX-License-Identifier: MIT */
/* What the rows of the table of cp, mv and rm do that takes more than setting a field. */
#ifndef ENGINE_CLI_JOB_ACTIONS_H
#define ENGINE_CLI_JOB_ACTIONS_H

#include "cli/job_settings.h"

#define PRESERVE_EVERYTHING                                                                        \
	(PRESERVE_MODE | PRESERVE_OWNER | PRESERVE_TIMES | PRESERVE_LINKS | PRESERVE_XATTR |       \
		PRESERVE_CONTEXT | PRESERVE_FLAGS)

/* Values of the rows that job_add_pattern is for. */
#define JOB_PATTERN_INCLUDE 1u
#define JOB_PATTERN_FILE    2u

/* The bits of a list of the row's choices: "mode,links". As option_choose. */
int job_choose_list(const struct option_set *set, const struct option_row *row, const char *list,
	uint32_t *ret_bits);

/* As option_row.apply says. */
int job_set_archive(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument);
int job_set_links(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument);
int job_set_preserve(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument);
int job_set_no_preserve(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument);
int job_set_target_directory(void *settings, const struct option_set *set,
	const struct option_row *row, const char *argument);
int job_set_make(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument);
int job_set_backup(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument);
int job_set_suffix(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument);
int job_set_context(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument);
int job_set_debug(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument);
int job_set_rm_force(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument);
int job_set_rm_prompt(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument);
int job_set_rm_preserve_root(void *settings, const struct option_set *set,
	const struct option_row *row, const char *argument);
int job_add_target(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument);
int job_set_limit(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument);
int job_set_checkpoint(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument);
int job_add_pattern(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument);
int job_set_name(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument);

#endif
