/* SPDX-License-Identifier: MIT */
/* Preloaded: a clock of the day that is set an hour forth and back all the time. */
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *now)
{
	static unsigned turn;
	int result = (int)syscall(SYS_clock_gettime, clock, now);

	if (!result && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		now->tv_sec += turn++ % 3 * 3600 - 3600;
	return result;
}
