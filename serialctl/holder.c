/* SPDX-License-Identifier: MIT */
/* Who has a port open, read from /proc: only processes whose descriptors this user may see. */
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

/* The descriptors of /proc/PID. A process that ends meanwhile simply has none. */
static bool process_holds(int proc_fd, const char *pid, dev_t device)
{
	char path[64];
	struct dirent *entry;
	bool holds = false;
	DIR *list;
	int fd;

	snprintf(path, sizeof(path), "%.20s/fd", pid);
	fd = openat(proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	list = fdopendir(fd);
	if (!list) {
		close(fd);
		return false;
	}
	while (!holds && (entry = readdir(list)))
		holds = isdigit((unsigned char)entry->d_name[0]) &&
			same_device(fd, entry->d_name, device);
	closedir(list);
	return holds;
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

int haul_port_holder(const char *path, struct haul_port_holder *ret_holder)
{
	struct dirent *entry;
	struct stat node;
	int result = -ESRCH;
	DIR *list;

	if (stat(path, &node) < 0)
		return -errno;
	list = opendir("/proc");
	if (!list)
		return -errno;
	while (result == -ESRCH && (entry = readdir(list))) {
		if (!isdigit((unsigned char)entry->d_name[0]) || atoi(entry->d_name) == getpid())
			continue;
		if (!process_holds(dirfd(list), entry->d_name, node.st_rdev))
			continue;
		holder_fill(dirfd(list), entry->d_name, ret_holder);
		result = 0;
	}
	closedir(list);
	return result;
}
