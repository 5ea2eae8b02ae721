/* SPDX-License-Identifier: MIT */
#include "util/fresh.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* A directory that its user made for nobody else looks just the same: only its age tells. */
bool fresh_directory(int parent_fd, const char *name, int flags, int64_t time_ns)
{
	struct statx status;
	int64_t born_ns;

	if (statx(parent_fd, name, flags, STATX_MODE | STATX_UID | STATX_BTIME, &status) ||
		!(status.stx_mask & STATX_BTIME))
		return false;
	born_ns = status.stx_btime.tv_sec * INT64_C(1000000000) + status.stx_btime.tv_nsec;
	return S_ISDIR(status.stx_mode) && (status.stx_mode & 07777) == 0700 &&
	       status.stx_uid == geteuid() && born_ns >= time_ns;
}
