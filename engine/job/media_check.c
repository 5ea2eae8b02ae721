/* SPDX-License-Identifier: MIT */
#include "job/media_check.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "job/volume.h"

/* Whole blocks of any device. */
#define BLOCK_BYTES 4096
/* A device that has gone says so at once; one that does not answer is not waited for. */
#define ANSWER_MS 300

enum answer {
	ANSWER_ALIVE = 0,
	ANSWER_DEAD,
};

/* A filesystem that was shut down, or whose program is gone, doesn't open its directory. */
static enum answer try_directory(const char *mount_point)
{
	int fd = open(mount_point, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return volume_error_is_grave(errno) ? ANSWER_DEAD : ANSWER_ALIVE;
	close(fd);
	return ANSWER_ALIVE;
}

/* Past the page cache, which still has what the device once said. */
static enum answer try_device(const char *device)
{
	int fd = open(device, O_RDONLY | O_DIRECT | O_NONBLOCK | O_CLOEXEC);
	void *block = NULL;
	enum answer answer = ANSWER_ALIVE;

	if (fd < 0)
		return errno == ENXIO || errno == ENODEV ? ANSWER_DEAD : ANSWER_ALIVE;
	if (!posix_memalign(&block, BLOCK_BYTES, BLOCK_BYTES) &&
		pread(fd, block, BLOCK_BYTES, 0) < 0 && volume_error_is_grave(errno))
		answer = ANSWER_DEAD;
	free(block);
	close(fd);
	return answer;
}

static enum answer wait_for(pid_t child)
{
	int pidfd = (int)syscall(SYS_pidfd_open, child, 0), status = 0;
	struct pollfd gone = {.fd = pidfd, .events = POLLIN};
	bool ended = pidfd >= 0 && poll(&gone, 1, ANSWER_MS) == 1;

	if (pidfd >= 0)
		close(pidfd);
	if (!ended)
		kill(child, SIGKILL);
	/* One that is stuck in the kernel stays behind until its request ends. */
	if (waitpid(child, &status, ended ? 0 : WNOHANG) != child)
		return ANSWER_ALIVE;
	return WIFEXITED(status) && WEXITSTATUS(status) == ANSWER_DEAD ? ANSWER_DEAD : ANSWER_ALIVE;
}

/* In a process of its own, since a broken device may keep whoever asks it for minutes. */
bool media_is_dead(const char *mount_point, const char *device)
{
	pid_t child = fork();

	if (child < 0)
		return false;
	if (!child) {
		enum answer answer;

		/* What they lock or keep busy must not outlive the job if this process does. */
		close_range(STDERR_FILENO + 1, ~0U, 0);
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		answer = try_directory(mount_point);
		if (answer == ANSWER_ALIVE && *device)
			answer = try_device(device);
		_exit(answer);
	}
	return wait_for(child) == ANSWER_DEAD;
}

bool media_is_read_only(const char *mount_point)
{
	struct statvfs status;

	return !statvfs(mount_point, &status) && status.f_flag & ST_RDONLY;
}
