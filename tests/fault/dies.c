/* SPDX-License-Identifier: MIT */
/*
 * Preloaded: a worker that is killed at one certain call, the $DIES_COUNT-th of $DIES_AT
 * ("renameat2" or "fstatat"). The first of all processes to get there dies, with its coordinator if
 * $DIES_WITH is "parent"; the file $DIES_MARK tells that it happened, and keeps the others alive.
 * No file can be made without a name, as on FAT, FUSE and network filesystems.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int is_worker(void)
{
	static const char role[] = "--role=worker";
	char words[4096];
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t bytes = fd < 0 ? -1 : read(fd, words, sizeof(words));

	if (fd >= 0)
		close(fd);
	return bytes > 0 && memmem(words, (size_t)bytes, role, sizeof(role));
}

static void die(void)
{
	const char *with = getenv("DIES_WITH");
	int mark = open(getenv("DIES_MARK"), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (mark < 0)
		return;
	if (with && !strcmp(with, "parent"))
		kill(getppid(), SIGKILL);
	kill(getpid(), SIGKILL);
}

static void reach(const char *call)
{
	static int count = -1;
	const char *at = getenv("DIES_AT");

	if (!at || strcmp(at, call) != 0)
		return;
	if (count < 0)
		count = is_worker() ? atoi(getenv("DIES_COUNT")) : 0;
	if (count && !--count)
		die();
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	reach("renameat2");
	return (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
}

int openat64(int directory_fd, const char *path, int flags, ...)
{
	va_list arguments;
	mode_t mode = 0;

	if ((flags & O_TMPFILE) == O_TMPFILE) {
		errno = EOPNOTSUPP;
		return -1;
	}
	va_start(arguments, flags);
	if (flags & O_CREAT)
		mode = va_arg(arguments, mode_t);
	va_end(arguments);
	return (int)syscall(SYS_openat, directory_fd, path, flags, mode);
}

int fstatat(int fd, const char *path, struct stat *status, int flags)
{
	reach("fstatat");
	return (int)syscall(SYS_newfstatat, fd, path, status, flags);
}

int openat(int directory_fd, const char *path, int flags, ...) __attribute__((alias("openat64")));
int fstatat64(int fd, const char *path, struct stat64 *status, int flags)
	__attribute__((alias("fstatat")));
