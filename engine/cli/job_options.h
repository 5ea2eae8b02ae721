/* SPDX-License-Identifier: MIT */
/*
 * The options of cp, mv, rm and verify: one table, whose rows say which of them have them. They
 * fill in a struct job_settings.
 */
#ifndef ENGINE_CLI_JOB_OPTIONS_H
#define ENGINE_CLI_JOB_OPTIONS_H

#include <stddef.h>

#include "cli/job_settings.h"
#include "cli/option.h"

/* Bits of option_set.mask. */
enum job_command {
	COMMAND_CP = 1 << 0,
	COMMAND_MV = 1 << 1,
	COMMAND_RM = 1 << 2,
	COMMAND_VERIFY = 1 << 3,
};

/* Offsets for rows. */
#define OPTION_FIELD(member)  offsetof(struct job_settings, member)
#define REQUEST_FIELD(member) offsetof(struct job_settings, request.member)

/* The table: GNU's options, then haul's own, then those about verification and those of all. */
extern const struct option_row job_option_rows[];
extern const struct option_row job_own_option_rows[];
extern const struct option_row job_verify_rows[];

/* The part of the commands before anything is done: settings from a command line. `quoted`: as
 * option_set.quoted. The caller runs the settings (job_settings_run) or frees them. */
enum option_result cp_parse(int argc, char **argv, bool quoted, struct job_settings *settings);
enum option_result mv_parse(int argc, char **argv, bool quoted, struct job_settings *settings);
enum option_result rm_parse(int argc, char **argv, bool quoted, struct job_settings *settings);
enum option_result verify_parse(int argc, char **argv, bool quoted, struct job_settings *settings);

/* The commands, and the same for a job that was run before (`past`, which stays the caller's). */
int cp_run(int argc, char **argv, struct past *past);
int mv_run(int argc, char **argv, struct past *past);

#endif
