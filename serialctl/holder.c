/* SPDX-License-Identifier: MIT */
/* Who has a port, read from /proc: only processes whose descriptors this user may see. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "haul/serial.h"

static bool same_device(int directory_fd, const char *name, dev_t device)
{
	struct stat node;

	return fstatat(directory_fd, name, &node, 0) == 0 && S_ISCHR(node.st_mode) &&
	       node.st_rdev == device;
}

enum hold {
	HOLD_NONE,
	HOLD_OPEN,
	HOLD_LOCKED, /* with flock, as every program does that wants it for itself */
};

static enum hold descriptor_hold(int proc_fd, const char *pid, const char *descriptor)
{
	char path[64], about[512];
	ssize_t bytes;
	int fd;

	snprintf(path, sizeof(path), "%.20s/fdinfo/%.20s", pid, descriptor);
	fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return HOLD_OPEN;
	bytes = read(fd, about, sizeof(about) - 1);
	close(fd);
	about[bytes > 0 ? bytes : 0] = '\0';
	return strstr(about, "\nlock:") ? HOLD_LOCKED : HOLD_OPEN;
}

/* Looks at the descriptors of /proc/PID. A process that ends meanwhile simply has none. */
static enum hold process_hold(int proc_fd, const char *pid, dev_t device)
{
	char path[64];
	struct dirent *entry;
	enum hold hold = HOLD_NONE;
	DIR *list;
	int fd;

	snprintf(path, sizeof(path), "%.20s/fd", pid);
	fd = openat(proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return HOLD_NONE;
	list = fdopendir(fd);
	if (!list) {
		close(fd);
		return HOLD_NONE;
	}
	while (hold != HOLD_LOCKED && (entry = readdir(list)))
		if (isdigit((unsigned char)entry->d_name[0]) &&
			same_device(fd, entry->d_name, device))
			hold = descriptor_hold(proc_fd, pid, entry->d_name);
	closedir(list);
	return hold;
}

static void holder_fill(int proc_fd, const char *pid, struct haul_port_holder *ret_holder)
{
	struct haul_port_holder holder = {.pid = atoi(pid)};
	char path[64];
	ssize_t bytes;
	int fd;

	snprintf(path, sizeof(path), "%.20s/comm", pid);
	fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		bytes = read(fd, holder.command, sizeof(holder.command) - 1);
		holder.command[bytes > 0 ? bytes - 1 : 0] = '\0'; /* ends with a newline */
		close(fd);
	}
	*ret_holder = holder;
}

/* Several may have it open, such as a program that only listens: the one that locked it counts. */
static enum hold find_holder(DIR *proc, dev_t device, struct haul_port_holder *ret_holder)
{
	enum hold best = HOLD_NONE, hold;
	struct dirent *entry;

	while (best != HOLD_LOCKED && (entry = readdir(proc))) {
		if (!isdigit((unsigned char)entry->d_name[0]) || atoi(entry->d_name) == getpid())
			continue;
		hold = process_hold(dirfd(proc), entry->d_name, device);
		if (hold <= best)
			continue;
		holder_fill(dirfd(proc), entry->d_name, ret_holder);
		best = hold;
	}
	return best;
}

int haul_port_holder(const char *path, struct haul_port_holder *ret_holder)
{
	enum hold hold;
	struct stat node;
	DIR *proc;

	if (stat(path, &node) < 0)
		return -errno;
	proc = opendir("/proc");
	if (!proc)
		return -errno;
	hold = find_holder(proc, node.st_rdev, ret_holder);
	closedir(proc);
	return hold == HOLD_NONE ? -ESRCH : 0;
}
