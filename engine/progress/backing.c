/* SPDX-License-Identifier: MIT */
#include "progress/backing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "progress/discover.h"
#include "progress/leftover.h"

/* Two jobs that replace the same leftover at the same time need a second look each. */
#define PUBLISH_TRIES 16

static void descriptor_path(int fd, char ret_path[32])
{
	snprintf(ret_path, 32, "/proc/self/fd/%d", fd);
}

static int allocate_file(int fd, uint64_t bytes)
{
	int error;

	do
		error = fallocate(fd, 0, 0, (off_t)bytes) ? -errno : 0;
	while (error == -EINTR);
	return error;
}

/* The second descriptor comes from a second open: a duplicate would share the lock. */
static int open_again(int fd)
{
	char path[32];
	int again;

	descriptor_path(fd, path);
	again = open(path, O_RDWR | O_CLOEXEC);
	return again < 0 ? -errno : again;
}

/* Takes over fd, on failure too. */
static int adopt_file(int fd, uint64_t bytes, struct backing *backing)
{
	int again, error = allocate_file(fd, bytes);

	if (!error)
		error = leftover_lock(fd);
	again = error ? error : open_again(fd);
	if (again < 0) {
		close(fd);
		return again;
	}
	backing->lock_fd = fd;
	backing->inherit_fd = again;
	return 0;
}

static int open_in_directory(unsigned index, uint64_t bytes, struct backing *backing)
{
	int directory_fd, fd;
	int error = haul_directory_path(index, backing->directory, sizeof(backing->directory));

	if (error)
		return error;
	directory_fd = haul_directory_open(backing->directory, true);
	if (directory_fd < 0)
		return directory_fd;
	/* Only housekeeping: what can't be swept now is swept another time. */
	(void)leftover_sweep(directory_fd, (int64_t)time(NULL));
	fd = openat(directory_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	error = fd < 0 ? -errno : adopt_file(fd, bytes, backing);
	if (error) {
		close(directory_fd);
		return error;
	}
	backing->directory_fd = directory_fd;
	return 0;
}

static int create_memfd(void)
{
	int fd = -1;

#ifdef MFD_NOEXEC_SEAL
	/* Some systems forbid a memfd that could be executed; older kernels don't know the flag. */
	fd = memfd_create("haul-progress", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
#endif
	if (fd < 0)
		fd = memfd_create("haul-progress", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return fd < 0 ? -errno : fd;
}

static int open_memfd(uint64_t bytes, struct backing *backing)
{
	int fd = create_memfd();
	int error = fd < 0 ? fd : adopt_file(fd, bytes, backing);

	if (error)
		return error;
	backing->directory_fd = -1;
	if (!fcntl(backing->lock_fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return 0;
	error = -errno;
	backing_close(backing);
	return error;
}

int backing_open(uint64_t bytes, struct backing *ret_backing)
{
	for (unsigned i = 0; i < HAUL_DIRECTORIES; i++)
		if (!open_in_directory(i, bytes, ret_backing))
			return 0;
	return open_memfd(bytes, ret_backing);
}

int backing_publish(const struct backing *backing, const char *job)
{
	char from[32], name[HAUL_FILE_BYTES];

	if (backing->directory_fd < 0)
		return 0;
	descriptor_path(backing->lock_fd, from);
	haul_job_file(job, name);
	for (unsigned try = 0; try < PUBLISH_TRIES; try++) {
		int error;

		if (!linkat(AT_FDCWD, from, backing->directory_fd, name, AT_SYMLINK_FOLLOW))
			return 0;
		if (errno != EEXIST)
			return -errno;
		error = leftover_remove(backing->directory_fd, job);
		if (error)
			return error;
	}
	return -EEXIST;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void backing_close(struct backing *backing)
{
	close_fd(&backing->inherit_fd);
	close_fd(&backing->lock_fd);
	close_fd(&backing->directory_fd);
}
