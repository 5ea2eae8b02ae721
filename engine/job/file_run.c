/* SPDX-License-Identifier: MIT */
#include "job/file_run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "job/coordinator.h"

bool file_run_is(const struct file_run *run, const char *directory)
{
	return run->root && !strcmp(run->directory, directory);
}

int file_run_open(struct job *job, struct file_run *run, const char *directory, int target_fd,
	const char *target_label)
{
	int source_fd = open(*directory ? directory : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int error = -errno;

	if (source_fd < 0) {
		close(target_fd);
		return error;
	}
	error = root_add(
		&job->roots, source_fd, target_fd, directory, target_label, true, &run->root);
	if (error)
		return error;
	chronicle_root(job, run->root);
	if (job->options.operation == JOB_REMOVE)
		run->root->phase = ROOT_REMOVING;
	/* Kept open while more files may join. */
	run->root->top->pending++;
	run->batch = NULL;
	run->directory = strdup(directory);
	return run->directory ? 0 : -ENOMEM;
}

void file_run_close(struct job *job, struct file_run *run)
{
	struct root *root = run->root;

	free(run->directory);
	*run = (struct file_run){0};
	if (!root)
		return;
	root->top->pending--;
	settle_directory(job, root->top);
}
