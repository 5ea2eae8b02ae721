/* SPDX-License-Identifier: MIT */
#include "progress/leftover.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "progress/control.h"
#include "progress/discover.h"

int leftover_lock(int fd)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (!fcntl(fd, F_OFD_SETLK, &lock))
		return 0;
	return errno == EACCES ? -EAGAIN : -errno;
}

static bool is_same_file(int directory_fd, const char *name, int fd)
{
	struct stat by_name, by_fd;

	return !fstatat(directory_fd, name, &by_name, AT_SYMLINK_NOFOLLOW) && !fstat(fd, &by_fd) &&
	       by_name.st_ino == by_fd.st_ino && by_name.st_dev == by_fd.st_dev;
}

static int remove_name(int directory_fd, const char *name)
{
	return unlinkat(directory_fd, name, 0) && errno != ENOENT ? -errno : 0;
}

/* For who holds the region's lock. */
static int remove_files(int directory_fd, const char *job, const char *region)
{
	char control[HAUL_JOB_BYTES + sizeof(CONTROL_SUFFIX)];
	int error;

	snprintf(control, sizeof(control), "%s" CONTROL_SUFFIX, job);
	error = remove_name(directory_fd, control);
	return error ? error : remove_name(directory_fd, region);
}

/* Holding the dead one's lock keeps others who want the same from removing the name's next owner.
 */
int leftover_remove(int directory_fd, const char *job)
{
	char region[HAUL_FILE_BYTES];
	int fd, error;

	haul_job_file(job, region);
	fd = openat(directory_fd, region, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	error = leftover_lock(fd);
	if (error == -EAGAIN)
		error = -EEXIST;
	if (!error && is_same_file(directory_fd, region, fd))
		error = remove_files(directory_fd, job, region);
	close(fd);
	return error;
}

static bool is_old(int directory_fd, const char *name, int64_t now_s)
{
	struct stat status;

	return !fstatat(directory_fd, name, &status, AT_SYMLINK_NOFOLLOW) &&
	       now_s - status.st_ctime > LEFTOVER_SECONDS;
}

int leftover_sweep(int directory_fd, int64_t now_s)
{
	int fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	char job[HAUL_JOB_BYTES];
	struct dirent *entry;
	int error = directory ? 0 : -errno;

	if (!directory) {
		if (fd >= 0)
			close(fd);
		return error;
	}
	for (errno = 0; (entry = readdir(directory)); errno = 0)
		if (haul_job_from_file(entry->d_name, job) &&
			is_old(directory_fd, entry->d_name, now_s))
			(void)leftover_remove(directory_fd, job);
	error = -errno;
	closedir(directory);
	return error;
}
