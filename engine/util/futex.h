/* SPDX-License-Identifier: MIT */
/* Sleeping on a word of memory that processes share. The word may be mapped read-only to wait. */
#ifndef ENGINE_UTIL_FUTEX_H
#define ENGINE_UTIL_FUTEX_H

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Sleeps while *word is `expected`, until woken or `timeout_ns` passed. 0, which may be spurious;
 * -EAGAIN: the word has changed already; -ETIMEDOUT; -EINTR. */
static inline int futex_wait(const uint32_t *word, uint32_t expected, uint64_t timeout_ns)
{
	struct timespec timeout = {
		.tv_sec = (time_t)(timeout_ns / 1000000000u),
		.tv_nsec = (long)(timeout_ns % 1000000000u),
	};

	return syscall(SYS_futex, word, FUTEX_WAIT, expected, &timeout, NULL, 0) ? -errno : 0;
}

static inline void futex_wake_all(uint32_t *word)
{
	/* Tells how many were woken, and fails only for memory that isn't there. */
	(void)syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

#endif
