/* SPDX-License-Identifier: MIT */
#include "util/terminal_guard.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define STATUS_KILLED 1

/* Hands signals on to the session, which decides what they mean, until it has ended. */
static int wait_for(pid_t child, const sigset_t *signals, int *ret_status)
{
	pid_t reaped;

	while ((reaped = waitpid(child, ret_status, WNOHANG)) == 0) {
		int number = sigwaitinfo(signals, NULL);

		if (number > 0 && number != SIGCHLD)
			kill(child, number);
	}
	return reaped == child ? 0 : -errno;
}

static void run_child(pid_t parent, int (*session)(void *context), void *context)
{
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) || getppid() != parent)
		_exit(STATUS_KILLED);
	_exit(session(context));
}

int terminal_guard(
	const sigset_t *signals, const char *restore, int (*session)(void *context), void *context)
{
	sigset_t blocked = *signals, original;
	pid_t parent = getpid(), child;
	struct termios before;
	int status = 0, error;

	if (tcgetattr(STDIN_FILENO, &before))
		return -errno;
	sigaddset(&blocked, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &blocked, &original))
		return -errno;
	child = fork();
	if (child == 0)
		run_child(parent, session, context);
	error = child < 0 ? -errno : wait_for(child, &blocked, &status);
	if (!error && !WIFEXITED(status)) {
		/* Nobody is left to tell if that fails. */
		(void)!write(STDOUT_FILENO, restore, strlen(restore));
		status = -1;
	}
	if (child > 0)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
	sigprocmask(SIG_SETMASK, &original, NULL);
	if (error)
		return error;
	return status < 0 ? STATUS_KILLED : WEXITSTATUS(status);
}
