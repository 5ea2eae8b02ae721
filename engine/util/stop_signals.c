/* SPDX-License-Identifier: MIT */
#include "util/stop_signals.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/signalfd.h>

static bool is_ignored(int number)
{
	struct sigaction action;

	return !sigaction(number, NULL, &action) && action.sa_handler == SIG_IGN;
}

void stop_signals_add(sigset_t *set)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

	/* The kernel keeps a blocked signal for its descriptor even when it is ignored. */
	for (size_t at = 0; at < sizeof(numbers) / sizeof(numbers[0]); at++)
		if (!is_ignored(numbers[at]))
			sigaddset(set, numbers[at]);
}

int stop_signals_open(void)
{
	sigset_t stop;
	int fd;

	sigemptyset(&stop);
	stop_signals_add(&stop);
	if (sigprocmask(SIG_BLOCK, &stop, NULL))
		return -errno;
	fd = signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}
