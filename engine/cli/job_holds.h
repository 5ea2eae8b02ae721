/* SPDX-License-Identifier: MIT */
/* Which mounts a job keeps busy. */
#ifndef ENGINE_CLI_JOB_HOLDS_H
#define ENGINE_CLI_JOB_HOLDS_H

#include <sys/types.h>

/* Prints a line for each filesystem of which the process, or a child of its, holds a directory
 * open, as a job's coordinator does while it copies from there or to there. The kernel is asked,
 * not the job. Nothing where that isn't allowed. */
void job_holds_print(pid_t process);

#endif
