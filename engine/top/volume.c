/* SPDX-License-Identifier: MIT */
#include "top/volume.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "haul/progress.h"

/* The operand, or the nearest directory above it that is there. */
static bool volume_of(int directory_fd, const char *operand, dev_t *ret_volume)
{
	char path[PATH_MAX];
	struct stat status;

	if ((size_t)snprintf(path, sizeof(path), "%s", operand) >= sizeof(path))
		return false;
	while (fstatat(directory_fd, path, &status, 0) < 0) {
		char *slash = strrchr(path, '/');

		if (strcmp(path, ".") == 0 || strcmp(path, "/") == 0)
			return false;
		if (!slash)
			strcpy(path, ".");
		else
			slash[slash == path] = '\0';
	}
	*ret_volume = status.st_dev;
	return true;
}

static unsigned add(dev_t *list, unsigned count, unsigned most, dev_t volume)
{
	for (unsigned at = 0; at < count; at++)
		if (list[at] == volume)
			return count;
	if (count < most)
		list[count++] = volume;
	return count;
}

static unsigned volumes_of(
	const struct haul_header *header, int directory_fd, dev_t *ret_volume, unsigned most)
{
	const char *operand = header->arguments;
	const char *end = operand + sizeof(header->arguments);
	unsigned count = 0;

	for (uint32_t at = 0; at < header->argument_count && operand < end; at++) {
		const char *nul = memchr(operand, '\0', (size_t)(end - operand));
		dev_t volume;

		if (!nul)
			break;
		if (volume_of(directory_fd, operand, &volume))
			count = add(ret_volume, count, most, volume);
		operand = nul + 1;
	}
	return count;
}

unsigned volume_of_job(const char *job, dev_t *ret_volume, unsigned most)
{
	struct haul_reader *reader;
	const struct haul_header *header;
	unsigned count = 0;
	char path[32];
	int fd;

	if (haul_reader_open(job, &reader))
		return 0;
	header = haul_reader_header(reader);
	/* Operands are as the job's own directory sees them. */
	snprintf(path, sizeof(path), "/proc/%d/cwd", (int)header->coordinator_pid);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		count = volumes_of(header, fd, ret_volume, most);
		close(fd);
	}
	haul_reader_close(reader);
	return count;
}
