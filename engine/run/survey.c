/* SPDX-License-Identifier: MIT */
/* A filesystem may take as long as it likes to answer, or never do: so that is asked elsewhere. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/run.h"
#include "util/clock.h"

#define SYSFS "/sys"

void survey_disks(const struct run_job *job, struct disk_set *ret_disks)
{
	const struct run_needs *needs = &job->needs;
	struct disk_set disks = {0};
	dev_t first = 0, last = 0;
	bool same = needs->renames;

	for (unsigned i = 0; i < needs->path_count; i++) {
		last = disk_add_path(SYSFS, needs->path[i], &disks);
		first = i ? first : last;
		same &= last && last == first;
	}
	if (needs->target) {
		last = disk_add_path(SYSFS, needs->target, &disks);
		same &= last && last == first;
	}
	/* A rename moves no data. */
	if (same)
		disks = (struct disk_set){0};
	if (needs->port)
		disk_add_port(needs->port, &disks);
	*ret_disks = disks;
}

static void run_child(const struct run_job *job, int fd, pid_t parent)
{
	struct disk_set disks;

	/* The interrupt at the terminal is for the runner. */
	signal(SIGINT, SIG_IGN);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
		_exit(1);
	survey_disks(job, &disks);
	/* A set is shorter than what a pipe takes in one piece. */
	_exit(write(fd, &disks, sizeof(disks)) == sizeof(disks) ? 0 : 1);
}

int survey_start(struct run_job *job)
{
	pid_t parent = getpid(), pid;
	int fd[2];

	if (pipe2(fd, O_CLOEXEC | O_NONBLOCK))
		return -errno;
	pid = fork();
	if (pid == 0)
		run_child(job, fd[1], parent);
	close(fd[1]);
	if (pid < 0) {
		close(fd[0]);
		return -EAGAIN;
	}
	job->pid = pid;
	job->pidfd = -1; /* its end of the pipe says as much */
	job->channel = fd[0];
	job->surveyed_ns = clock_monotonic_ns();
	job->overdue = false;
	job->state = RUN_SURVEYED;
	return 0;
}

void survey_end(struct run_job *job)
{
	struct disk_set disks;
	bool answered = read(job->channel, &disks, sizeof(disks)) == sizeof(disks);

	while (waitpid(job->pid, NULL, 0) < 0 && errno == EINTR)
		;
	close(job->channel);
	/* A job whose survey died is not kept from trying. */
	job->disks = answered ? disks : (struct disk_set){0};
	job->overdue = false;
	job->pid = 0;
	job->state = RUN_READY;
}
