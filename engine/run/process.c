/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "progress/announce.h"
#include "run/run.h"
#include "util/spawn.h"

int process_start(struct run_job *job, const int *cpu, int cpu_count, bool mute)
{
	struct spawn spawn = {
		.arguments = job->argument,
		.region_fd = SPAWN_NO_FD,
		.cpu = SPAWN_NO_CPU,
		.cpus = cpu,
		.cpu_count = cpu_count,
		.no_input = true,
		.output_is_error = mute,
		.die_with_parent = true,
	};
	int pair[2], error;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	spawn.channel_fd = pair[1];
	error = spawn_role(&spawn, &job->pid, &job->pidfd);
	close(pair[1]);
	if (error) {
		job->pid = 0;
		close(pair[0]);
		return error;
	}
	job->channel = pair[0];
	job->state = RUN_RUNNING;
	return 0;
}

int process_region(struct run_job *job)
{
	int fd;

	if (job->channel < 0 || job->reader)
		return -ENODATA;
	fd = announce_receive(job->channel);
	if (fd == -ENODATA)
		return fd;
	/* Nothing else comes on it. */
	close(job->channel);
	job->channel = -1;
	if (fd < 0)
		return -ENODATA;
	if (haul_reader_open_fd(fd, &job->reader))
		job->reader = NULL;
	return fd;
}

static void keep_totals(struct run_job *job)
{
	struct haul_totals totals;

	if (!job->reader)
		return;
	haul_reader_totals(job->reader, &totals);
	memcpy(job->counter, totals.counter, sizeof(job->counter));
	haul_reader_close(job->reader);
	job->reader = NULL;
}

void process_end(struct run_job *job)
{
	siginfo_t end = {0};

	while (waitid(P_PID, (id_t)job->pid, &end, WEXITED) && errno == EINTR)
		;
	job->status = end.si_code == CLD_EXITED ? end.si_status : -end.si_status;
	close(job->pidfd);
	if (job->channel >= 0)
		close(job->channel);
	job->channel = -1;
	job->pid = 0;
	keep_totals(job);
	job->state = RUN_ENDED;
}

void process_signal(const struct run_job *job, int signal_number)
{
	/* It is not reaped yet, so the number is still its own. */
	if (job->pid > 0)
		kill(job->pid, signal_number);
}
