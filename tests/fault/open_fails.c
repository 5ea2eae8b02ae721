/* SPDX-License-Identifier: MIT */
/*
 * Preloaded: a coordinator that has run out of descriptors whenever it opens a directory by a path
 * that ends with the name $OPEN_FAILS_AT. Its workers, which have a role, have enough of them.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int has_role(void)
{
	char words[4096];
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t bytes = fd < 0 ? -1 : read(fd, words, sizeof(words));

	if (fd >= 0)
		close(fd);
	return bytes > 0 && memmem(words, (size_t)bytes, "--role=", strlen("--role="));
}

static int is_at(const char *path)
{
	const char *name = strrchr(path, '/'), *at = getenv("OPEN_FAILS_AT");

	return at && !strcmp(name ? name + 1 : path, at);
}

long syscall(long number, ...)
{
	long (*real)(long, ...) = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	long argument[6];
	va_list arguments;

	va_start(arguments, number);
	for (int i = 0; i < 6; i++)
		argument[i] = va_arg(arguments, long);
	va_end(arguments);
	if (number == SYS_openat2 && is_at((const char *)argument[1]) && !has_role()) {
		errno = EMFILE;
		return -1;
	}
	return real(number, argument[0], argument[1], argument[2], argument[3], argument[4],
		argument[5]);
}
