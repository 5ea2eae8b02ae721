/* SPDX-License-Identifier: MIT */
#include "bpf/tracefs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/mount.h>

static int open_mounted(void)
{
	static const char *const places[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};
	int fd, error = -ENOENT;

	for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		fd = open(places[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
		/* An empty directory is only where it would be mounted. */
		if (fd >= 0 && faccessat(fd, "events", F_OK, AT_EACCESS) == 0)
			return fd;
		if (errno != ENOENT)
			error = -errno;
		if (fd >= 0)
			close(fd);
	}
	return error;
}

static int mount_detached(void)
{
	int context = (int)syscall(SYS_fsopen, "tracefs", FSOPEN_CLOEXEC), fd = -1;

	if (context < 0)
		return -errno;
	if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		fd = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
	if (fd < 0)
		fd = -errno;
	close(context);
	return fd;
}

int tracefs_open(void)
{
	int fd = open_mounted(), detached;

	if (fd >= 0)
		return fd;
	detached = mount_detached();
	if (detached >= 0)
		return detached;
	/* Where it is mounted but closed, that is what to tell. */
	return fd == -ENOENT ? detached : fd;
}

int tracefs_event_id(int tracefs, const char *category, const char *name)
{
	char path[NAME_MAX], text[16] = "";
	ssize_t got;
	int fd, id;

	snprintf(path, sizeof(path), "events/%s/%s/id", category, name);
	fd = openat(tracefs, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	got = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (got < 0)
		return -EIO;
	id = atoi(text);
	return id > 0 ? id : -EPROTO;
}
