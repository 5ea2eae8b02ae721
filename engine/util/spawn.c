/* SPDX-License-Identifier: MIT */
#include "util/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGUMENTS_MAX    32
#define EXIT_NOT_STARTED 127

/* A descriptor may sit where another must go, so both move out of the way first. */
static int place_fds(const struct spawn *spawn)
{
	int channel = SPAWN_NO_FD, region = SPAWN_NO_FD;

	if (spawn->channel_fd != SPAWN_NO_FD)
		channel = fcntl(spawn->channel_fd, F_DUPFD_CLOEXEC, 16);
	if (spawn->region_fd != SPAWN_NO_FD)
		region = fcntl(spawn->region_fd, F_DUPFD_CLOEXEC, 16);
	if (spawn->channel_fd != SPAWN_NO_FD && dup2(channel, SPAWN_CHANNEL_FD) < 0)
		return -errno;
	if (spawn->region_fd != SPAWN_NO_FD && dup2(region, SPAWN_REGION_FD) < 0)
		return -errno;
	return 0;
}

static int stay_on_cpus(const int *cpu, int count)
{
	int most = 0;
	size_t bytes;
	cpu_set_t *set;
	int error;

	for (int i = 0; i < count; i++)
		most = cpu[i] > most ? cpu[i] : most;
	bytes = CPU_ALLOC_SIZE((size_t)most + 1);
	set = CPU_ALLOC((size_t)most + 1);
	if (!set)
		return -ENOMEM;
	CPU_ZERO_S(bytes, set);
	for (int i = 0; i < count; i++)
		CPU_SET_S((size_t)cpu[i], bytes, set);
	error = sched_setaffinity(0, bytes, set) ? -errno : 0;
	CPU_FREE(set);
	return error;
}

static int empty_input(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || dup2(fd, STDIN_FILENO) < 0)
		return -errno;
	return 0;
}

static int prepare_child(const struct spawn *spawn, pid_t parent)
{
	sigset_t none;

	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) || signal(SIGINT, SIG_IGN) == SIG_ERR)
		return -errno;
	if (spawn->die_with_parent) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL))
			return -errno;
		/* The parent may have died before the signal was asked for. */
		if (getppid() != parent)
			return -ESRCH;
	}
	/* A CPU that was taken away meanwhile is no reason not to start. */
	if (spawn->cpu != SPAWN_NO_CPU)
		(void)stay_on_cpus(&spawn->cpu, 1);
	else if (spawn->cpus)
		(void)stay_on_cpus(spawn->cpus, spawn->cpu_count);
	if (spawn->no_input && empty_input())
		return -errno;
	if (spawn->output_is_error && dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		return -errno;
	return place_fds(spawn);
}

/* By its path where it still has one: what /proc/self/exe leads to is another program under
 * valgrind, say. */
static void execute(char *const *arguments)
{
	char path[PATH_MAX];
	ssize_t bytes = readlink("/proc/self/exe", path, sizeof(path));

	if (bytes > 0 && (size_t)bytes < sizeof(path)) {
		path[bytes] = '\0';
		execv(path, arguments);
	}
	execv("/proc/self/exe", arguments);
}

static void run_child(const struct spawn *spawn, pid_t parent)
{
	char role[64];
	char *arguments[ARGUMENTS_MAX + 3] = {"haul", role};
	int count = 2;

	if (!spawn->role) {
		if (!prepare_child(spawn, parent) && signal(SIGTERM, SIG_DFL) != SIG_ERR)
			execute(spawn->arguments);
		_exit(EXIT_NOT_STARTED);
	}
	snprintf(role, sizeof(role), "--role=%s", spawn->role);
	for (int i = 0; spawn->arguments && spawn->arguments[i] && i < ARGUMENTS_MAX; i++)
		arguments[count++] = spawn->arguments[i];
	if (!prepare_child(spawn, parent))
		execute(arguments);
	_exit(EXIT_NOT_STARTED);
}

static int open_pidfd(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* The kernel has no pidfds, or valgrind doesn't know them: then the child has the only writing end
 * of a pipe, whose other end becomes readable when that is closed. */
static int open_pipe_instead(int ret_pipe[2])
{
	int probe = open_pidfd(getpid());

	if (probe >= 0)
		close(probe);
	if (probe >= 0 || errno != ENOSYS)
		return 0;
	return pipe2(ret_pipe, O_CLOEXEC) ? -errno : 0;
}

static void keep_open(int fd)
{
	if (fd != SPAWN_NO_FD)
		(void)fcntl(fd, F_DUPFD, SPAWN_REGION_FD + 1);
}

static int watch(pid_t pid, int *ret_pidfd)
{
	int error;

	*ret_pidfd = open_pidfd(pid);
	if (*ret_pidfd >= 0)
		return 0;
	error = -errno;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return error;
}

int spawn_fork(pid_t *ret_pid, int *ret_pidfd)
{
	int pipe_fd[2] = {SPAWN_NO_FD, SPAWN_NO_FD};
	int error = open_pipe_instead(pipe_fd);

	if (error)
		return error;
	*ret_pid = fork();
	if (*ret_pid < 0)
		error = -errno;
	if (!*ret_pid) {
		*ret_pidfd = pipe_fd[1];
		return 0;
	}
	if (pipe_fd[1] == SPAWN_NO_FD)
		return error ? error : watch(*ret_pid, ret_pidfd);
	close(pipe_fd[1]);
	if (error)
		close(pipe_fd[0]);
	else
		*ret_pidfd = pipe_fd[0];
	return error;
}

int spawn_role(const struct spawn *spawn, pid_t *ret_pid, int *ret_pidfd)
{
	pid_t parent = getpid();
	int error = spawn_fork(ret_pid, ret_pidfd);

	if (!error && !*ret_pid) {
		keep_open(*ret_pidfd);
		run_child(spawn, parent);
	}
	return error;
}
