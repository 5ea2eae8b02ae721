/* SPDX-License-Identifier: MIT */
#include "progress/backing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "progress/discover.h"

/* Two jobs that replace the same leftover at the same time need a second look each. */
#define PUBLISH_TRIES 16

static void descriptor_path(int fd, char ret_path[32])
{
	snprintf(ret_path, 32, "/proc/self/fd/%d", fd);
}

static int lock_file(int fd)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	return fcntl(fd, F_OFD_SETLK, &lock) ? -errno : 0;
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
		error = lock_file(fd);
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

static bool is_same_file(int directory_fd, const char *name, int fd)
{
	struct stat by_name, by_fd;

	return !fstatat(directory_fd, name, &by_name, AT_SYMLINK_NOFOLLOW) && !fstat(fd, &by_fd) &&
	       by_name.st_ino == by_fd.st_ino && by_name.st_dev == by_fd.st_dev;
}

/* Removes a name whose owner is dead: 0, also when it is gone already. Holding the dead one's lock
 * keeps others who want the same from removing the name's next owner. */
static int remove_leftover(int directory_fd, const char *name)
{
	int fd = openat(directory_fd, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int error;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	error = lock_file(fd);
	if (error == -EAGAIN || error == -EACCES)
		error = -EEXIST;
	if (!error && is_same_file(directory_fd, name, fd) && unlinkat(directory_fd, name, 0))
		error = errno == ENOENT ? 0 : -errno;
	close(fd);
	return error;
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
		error = remove_leftover(backing->directory_fd, name);
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
