/* SPDX-License-Identifier: MIT */
/* The subcommands of the haul program. */
#ifndef ENGINE_CLI_COMMAND_H
#define ENGINE_CLI_COMMAND_H

#include "cli/option.h"

struct command {
	const char *name;
	const char *summary; /* a line without capital and full stop, for `haul --help` */
	/* argv[0] is what messages begin with. Returns the exit status. */
	int (*run)(int argc, char **argv);
	const struct option_set *options; /* NULL: it has none of its own */
	const struct command *verbs;      /* a table like command_table; NULL: it has none */
};

/* Ends with a row whose name is NULL. */
extern const struct command command_table[];

/* NULL when there is none of this name. */
const struct command *command_find(const struct command *table, const char *name);

int command_cp(int argc, char **argv);
int command_mv(int argc, char **argv);
int command_rm(int argc, char **argv);
int command_run(int argc, char **argv);
int command_verify(int argc, char **argv);
int command_jobs(int argc, char **argv);
int command_pause(int argc, char **argv);
int command_resume(int argc, char **argv);
int command_cancel(int argc, char **argv);
int command_publish(int argc, char **argv);
int command_serial(int argc, char **argv);
int command_top(int argc, char **argv);
int command_watch(int argc, char **argv);

extern const struct command serial_verbs[];

extern const struct option_set cp_options;
extern const struct option_set mv_options;
extern const struct option_set rm_options;
extern const struct option_set run_options;
extern const struct option_set verify_options;
extern const struct option_set jobs_options;
extern const struct option_set pause_options;
extern const struct option_set resume_options;
extern const struct option_set cancel_options;
extern const struct option_set publish_options;
extern const struct option_set top_options;
extern const struct option_set watch_options;

#endif
