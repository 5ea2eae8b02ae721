/* SPDX-License-Identifier: MIT */
#include "cli/job_holds.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpf/mount_table.h"
#include "util/quote.h"

#define PATH_BYTES 64
#define MOUNTS_MAX 64

/* Every job holds this one, and nobody unmounts it. */
#define REGIONS_MOUNT "/dev/shm"

/* The mount that an open directory is on. False: it is something else. */
static bool read_info(int directory, const char *name, uint64_t *ret_mount)
{
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
	unsigned long mount = 0;
	unsigned flags = 0;
	char line[128];
	FILE *file = fd < 0 ? NULL : fdopen(fd, "re");

	if (!file) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while (fgets(line, sizeof(line), file)) {
		(void)sscanf(line, "flags: %o", &flags);
		(void)sscanf(line, "mnt_id: %lu", &mount);
	}
	(void)fclose(file);
	*ret_mount = mount;
	return flags & O_DIRECTORY;
}

static bool has(const uint64_t *mount, unsigned count, uint64_t wanted)
{
	for (unsigned i = 0; i < count; i++)
		if (mount[i] == wanted)
			return true;
	return false;
}

/* Adds to those that are known; returns how many there are then. */
static unsigned list_mounts(pid_t process, unsigned count, uint64_t mounts[MOUNTS_MAX])
{
	char path[PATH_BYTES];
	const struct dirent *entry;
	uint64_t mount;
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo", (int)process);
	directory = opendir(path);
	if (!directory)
		return count;
	while (count < MOUNTS_MAX && (entry = readdir(directory)))
		if (read_info(dirfd(directory), entry->d_name, &mount) &&
			!has(mounts, count, mount))
			mounts[count++] = mount;
	closedir(directory);
	return count;
}

static int read_table(pid_t process, struct mount_table *ret_table)
{
	char path[PATH_BYTES];
	int fd, error;

	snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)process);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	error = mount_table_read(MOUNT_READER_MOUNTINFO, fd, ret_table);
	close(fd);
	return error;
}

/* Whom others know as the job stands guard only; its child has the descriptors. */
static unsigned list_family(pid_t process, uint64_t ret_mount[MOUNTS_MAX])
{
	unsigned count = list_mounts(process, 0, ret_mount);
	char path[PATH_BYTES];
	FILE *file;
	int child;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)process, (int)process);
	file = fopen(path, "re");
	if (!file)
		return count;
	while (fscanf(file, "%d", &child) == 1)
		count = list_mounts(child, count, ret_mount);
	(void)fclose(file);
	return count;
}

void job_holds_print(pid_t process)
{
	uint64_t mount[MOUNTS_MAX];
	unsigned count = list_family(process, mount);
	struct mount_table table;
	char quoted[QUOTE_BYTES];

	if (!count || read_table(process, &table))
		return;
	for (size_t i = 0; i < table.count; i++)
		if (has(mount, count, table.mount[i].id) &&
			strcmp(table.mount[i].mount_point, REGIONS_MOUNT) != 0)
			printf("  holds %s (%s)\n",
				quote_name(table.mount[i].mount_point, quoted, sizeof(quoted)),
				table.mount[i].source);
	mount_table_free(&table);
}
