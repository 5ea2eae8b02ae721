/* SPDX-License-Identifier: MIT */
/* What the options of cp, mv and rm fill in, and what it amounts to as a job. */
#ifndef ENGINE_CLI_JOB_SETTINGS_H
#define ENGINE_CLI_JOB_SETTINGS_H

#include <stdbool.h>

#include "cli/option.h"
#include "job/job.h"

/* Which symbolic links in sources are followed. */
enum job_follow {
	FOLLOW_DEFAULT = 0, /* none when recursive, all otherwise */
	FOLLOW_NONE,
	FOLLOW_ARGUMENTS,
	FOLLOW_ALL,
};

/* What -f (of mv), -i and -n said last. */
enum job_existing {
	EXISTING_OVERWRITE = 0,
	EXISTING_FORCE, /* without asking, whatever its mode is */
	EXISTING_ASK,
	EXISTING_SKIP,
};

/* One of --exclude, --include, --exclude-from, --include-from. */
struct job_pattern {
	bool include;
	bool is_file;
	const char *text;
};

/* What the options fill in. */
struct job_settings {
	struct job_request request;
	struct selection selection;
	struct job_pattern *pattern; /* as they came: files are read when all options are known */
	size_t pattern_count;
	const char *files_from; /* NULL: no list was given */
	bool from_nul;          /* names in files end with a NUL */
	bool archive;
	char *listed_source; /* the one that names are below; owned */
	unsigned follow;     /* enum job_follow */
	unsigned existing;   /* enum job_existing */
	bool backup;
	const char *backup_control; /* NULL: none was given */
	const char *suffix;         /* the same */
	bool copy_contents;
	bool presume_terminal; /* standard input is taken for one */
	const char *target_directory;
	bool no_target_directory;
	const char **to; /* targets of --to; the array is owned */
	size_t to_count;
	bool checkpoints_chosen; /* request.checkpoint_ns is the user's */
};

/* Tells the request how it came about, so that a journal can tell it. After option_parse. */
void job_settings_note_arguments(
	struct job_settings *settings, const struct option_set *set, int argc, char **argv);

/* Does it make sense where the job's events are to be published? 0, or -EINVAL after saying what
 * is wrong. A job that is resumed is never stopped by that. */
int job_settings_check_publishing(
	const struct job_settings *settings, const struct option_set *set);

/* Does what the parsed options say: reads the files that select what is copied, moved or removed,
 * and runs the job, unless nothing is left to be done. Frees the settings and returns the exit
 * status. `table` is of the command's options. */
int job_settings_run(
	struct job_settings *settings, enum option_result parsed, const struct option_set *table);
void job_settings_free(struct job_settings *settings);

/* Completes settings->request from the options and the operands, as GNU cp and mv understand them.
 * The request points into argv. Returns 0, or -EINVAL after saying what is wrong. */
int job_settings_finish(struct job_settings *settings, const struct option_set *set, char **operand,
	int operand_count);

#endif
