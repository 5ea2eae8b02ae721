/* SPDX-License-Identifier: MIT */
#include "io/medium.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

bool medium_go_direct(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && !fcntl(fd, F_SETFL, flags | O_DIRECT);
}

void medium_go_cached(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	/* Taking a flag away is never refused. */
	if (flags >= 0)
		(void)fcntl(fd, F_SETFL, flags & ~O_DIRECT);
}

int medium_drop_cached(int fd, bool direct, uint64_t offset, uint64_t bytes)
{
	/* EROFS and EINVAL: nothing of it can be dirty. */
	if (!direct && fdatasync(fd) && errno != EROFS && errno != EINVAL)
		return -errno;
	(void)posix_fadvise(fd, (off_t)offset, (off_t)bytes, POSIX_FADV_DONTNEED);
	return 0;
}
