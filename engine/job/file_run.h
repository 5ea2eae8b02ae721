/* SPDX-License-Identifier: MIT */
/* Entries that are named one after the other on the command line and lie in one directory: they
 * share a root and a batch. */
#ifndef ENGINE_JOB_FILE_RUN_H
#define ENGINE_JOB_FILE_RUN_H

#include <stdbool.h>

struct item;
struct job;
struct root;

/* Zeroed: none. It must be closed before anything is handed out. */
struct file_run {
	char *directory; /* as the user named it, "" for the working directory */
	struct root *root;
	struct item *batch;
};

/* Is it open for this directory? */
bool file_run_is(const struct file_run *run, const char *directory);
/* Opens a new one; the descriptor of the target is taken over, also on failure. 0 or -errno. */
int file_run_open(struct job *job, struct file_run *run, const char *directory, int target_fd,
	const char *target_label);
void file_run_close(struct job *job, struct file_run *run);

#endif
