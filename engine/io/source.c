/* SPDX-License-Identifier: MIT */
#include "io/source.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* Clocks of a file server and this machine may differ by this, and FAT counts in two seconds. */
#define REST_SEC 10

static int open_flags(const struct source_manner *manner)
{
	return O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (manner->follow ? 0 : O_NOFOLLOW) |
	       (manner->atime_refused ? 0 : O_NOATIME);
}

struct open_how source_how(const struct source_manner *manner, bool cached_only)
{
	return (struct open_how){
		.flags = (uint64_t)open_flags(manner),
		.resolve = cached_only ? RESOLVE_CACHED : 0,
	};
}

/* Whether a refusal is about O_NOATIME, so that trying again without it makes sense. */
static bool learn_atime(struct source_manner *manner, int error)
{
	if (error != EPERM || manner->atime_refused)
		return false;
	manner->atime_refused = true;
	return true;
}

int source_open_cached(
	struct source_manner *manner, int directory_fd, const char *name, int *ret_fd)
{
	struct open_how how;
	long fd;

	if (manner->no_cached_lookups)
		return -EAGAIN;
	do {
		how = source_how(manner, true);
		fd = syscall(SYS_openat2, directory_fd, name, &how, sizeof(how));
	} while (fd < 0 && learn_atime(manner, errno));
	if (fd < 0 && (errno == EINVAL || errno == ENOSYS)) {
		manner->no_cached_lookups = true;
		return -EAGAIN;
	}
	if (fd < 0)
		return -errno;
	*ret_fd = (int)fd;
	return 0;
}

int source_open(struct source_manner *manner, int directory_fd, const char *name, int *ret_fd)
{
	int fd;

	do
		fd = openat(directory_fd, name, open_flags(manner));
	while (fd < 0 && (errno == EINTR || learn_atime(manner, errno)));
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

int source_open_special(
	const struct source_manner *manner, int directory_fd, const char *name, int *ret_fd)
{
	int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | (manner->follow ? 0 : O_NOFOLLOW);
	int fd;

	do
		fd = openat(directory_fd, name, flags);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

ssize_t source_read_cached(
	struct filesystem *filesystem, int fd, void *buffer, size_t bytes, uint64_t offset)
{
	struct iovec part = {.iov_base = buffer, .iov_len = bytes};
	int flags = filesystem->in_memory ? 0 : RWF_NOWAIT;
	ssize_t got;

	if (filesystem->no_cached_read)
		return -EAGAIN;
	do
		got = preadv2(fd, &part, 1, (off_t)offset, flags);
	while (got < 0 && errno == EINTR);
	if (got >= 0)
		return got;
	if (errno != EOPNOTSUPP && errno != ENOSYS)
		return -errno;
	filesystem->no_cached_read = true;
	return -EAGAIN;
}

ssize_t source_read_some(int fd, void *buffer, size_t bytes, uint64_t offset)
{
	ssize_t got;

	do
		got = pread(fd, buffer, bytes, (off_t)offset);
	while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

ssize_t source_read(int fd, void *buffer, size_t bytes, uint64_t offset)
{
	size_t filled = 0;

	while (filled < bytes) {
		ssize_t got = source_read_some(
			fd, (char *)buffer + filled, bytes - filled, offset + filled);

		if (got < 0)
			return got;
		if (!got)
			break;
		filled += (size_t)got;
	}
	return (ssize_t)filled;
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool source_unchanged(const struct stat *before, const struct stat *after)
{
	return before->st_ino == after->st_ino && before->st_dev == after->st_dev &&
	       before->st_size == after->st_size && same_time(before->st_mtim, after->st_mtim) &&
	       same_time(before->st_ctim, after->st_ctim);
}

bool source_at_rest(const struct stat *status, int64_t opened_sec)
{
	return status->st_ctim.tv_sec < opened_sec - REST_SEC;
}

bool source_changed_since(const struct stat *status, int64_t time_ns)
{
	return (int64_t)status->st_ctim.tv_sec * 1000000000 + status->st_ctim.tv_nsec >= time_ns;
}
