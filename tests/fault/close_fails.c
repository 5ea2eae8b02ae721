/* SPDX-License-Identifier: MIT */
/*
 * Preloaded: what a full quota on a file server looks like. Every write is taken, and closing a
 * file below the directory $CLOSE_FAILS_BELOW that was written to says EDQUOT. As on most such
 * filesystems, no file can be made without a name there.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int is_below(int fd, const char *directory)
{
	char link[64], path[4096];
	ssize_t bytes;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	bytes = readlink(link, path, sizeof(path) - 1);
	if (bytes < 0)
		return 0;
	path[bytes] = '\0';
	return !strncmp(path, directory, strlen(directory));
}

static int open_named(int directory_fd, const char *path, int flags, mode_t mode)
{
	if ((flags & O_TMPFILE) == O_TMPFILE) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return (int)syscall(SYS_openat, directory_fd, path, flags, mode);
}

int openat(int directory_fd, const char *path, int flags, ...)
{
	va_list arguments;
	mode_t mode = 0;

	va_start(arguments, flags);
	if (flags & (O_CREAT | O_TMPFILE))
		mode = va_arg(arguments, mode_t);
	va_end(arguments);
	return open_named(directory_fd, path, flags, mode);
}

int openat64(int directory_fd, const char *path, int flags, ...) __attribute__((alias("openat")));

int close(int fd)
{
	const char *directory = getenv("CLOSE_FAILS_BELOW");
	int flags = fcntl(fd, F_GETFL);
	int fails = directory && flags >= 0 && (flags & O_ACCMODE) == O_WRONLY &&
		    is_below(fd, directory);

	if (syscall(SYS_close, fd))
		return -1;
	if (!fails)
		return 0;
	errno = EDQUOT;
	return -1;
}
