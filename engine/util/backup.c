/* SPDX-License-Identifier: MIT */
#include "util/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The N of "name.~N~", or 0. */
static uint64_t number_of(const char *entry, const char *name, size_t bytes)
{
	uint64_t number;
	char *end;

	if (strncmp(entry, name, bytes) != 0 || strncmp(entry + bytes, ".~", 2) != 0 ||
		entry[bytes + 2] < '1' || entry[bytes + 2] > '9')
		return 0;
	number = strtoull(entry + bytes + 2, &end, 10);
	return strcmp(end, "~") != 0 || number == UINT64_MAX ? 0 : number;
}

static int find_highest(int directory_fd, const char *name, uint64_t *ret_number)
{
	int fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;
	size_t bytes = strlen(name);
	uint64_t highest = 0;

	if (!directory) {
		int error = -errno;

		if (fd >= 0)
			close(fd);
		return error;
	}
	while ((entry = readdir(directory))) {
		uint64_t number = number_of(entry->d_name, name, bytes);

		if (number > highest)
			highest = number;
	}
	closedir(directory);
	*ret_number = highest;
	return 0;
}

int backup_name(int directory_fd, const char *name, enum job_backup backup, const char *suffix,
	char *ret_name)
{
	char made[2 * BACKUP_NAME_BYTES + BACKUP_SUFFIX_BYTES];
	uint64_t number = 0;
	int error = 0, bytes;

	if (backup != BACKUP_SIMPLE)
		error = find_highest(directory_fd, name, &number);
	if (error)
		return error;
	if (backup == BACKUP_NUMBERED || number)
		bytes = snprintf(made, sizeof(made), "%s.~%" PRIu64 "~", name, number + 1);
	else
		bytes = snprintf(made, sizeof(made), "%s%s", name, suffix);
	if (bytes >= BACKUP_NAME_BYTES)
		return -ENAMETOOLONG;
	memcpy(ret_name, made, (size_t)bytes + 1);
	return 0;
}
