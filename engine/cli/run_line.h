/* SPDX-License-Identifier: MIT */
/* A line of a job file as a command: is it one, and what does it name? */
#ifndef ENGINE_CLI_RUN_LINE_H
#define ENGINE_CLI_RUN_LINE_H

#include "run/jobfile.h"
#include "run/run.h"

#define RUN_NAME_BYTES 48 /* of a run, its NUL included: it leaves room for a line's number */

struct run_line_place {
	const char *program; /* what messages begin with */
	const char *file;    /* the job file, as it is called in them */
	const char *run;     /* the run's name: its jobs are called after it */
};

/* Looks at a line without doing anything, and fills in number, stage, name, argument and needs of
 * the job. What they point to are the line's words, in another order perhaps, and an array of the
 * job's own (run_line_free). -EINVAL after saying what is wrong, -ENOMEM. */
int run_line_examine(const struct run_line_place *place, const struct jobfile_line *line,
	struct run_job *ret_job);
/* Makes of it a job that goes on with what its journal tells. */
void run_line_resume(struct run_job *job);
void run_line_free(struct run_job *job);

#endif
