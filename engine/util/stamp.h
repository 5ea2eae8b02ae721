/* SPDX-License-Identifier: MIT */
/* Comparing the times of files. */
#ifndef ENGINE_UTIL_STAMP_H
#define ENGINE_UTIL_STAMP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

static inline int64_t stamp_ns(const struct timespec *time)
{
	return (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
}

/* Was `existing` modified when `source` was, or later? `copied`: it may be a copy that its
 * filesystem, which counts in seconds, couldn't give the rest of the source's time. */
static inline bool stamp_is_current(
	const struct stat *source, const struct stat *existing, bool copied)
{
	struct timespec from = source->st_mtim, to = existing->st_mtim;

	if (copied && !to.tv_nsec)
		from.tv_nsec = 0;
	return to.tv_sec > from.tv_sec || (to.tv_sec == from.tv_sec && to.tv_nsec >= from.tv_nsec);
}

#endif
