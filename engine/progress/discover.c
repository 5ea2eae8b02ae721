/* SPDX-License-Identifier: MIT */
#include "progress/discover.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char name_characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "0123456789._-";

_Static_assert(HAUL_FILE_BYTES >= HAUL_JOB_BYTES - 1 + sizeof(HAUL_FILE_SUFFIX), "room for a name");

bool haul_job_name_valid(const char *job)
{
	size_t bytes = strnlen(job, HAUL_JOB_BYTES);

	return bytes > 0 && bytes < HAUL_JOB_BYTES && job[0] != '.' &&
	       strspn(job, name_characters) == bytes;
}

void haul_job_file(const char *job, char ret_file[HAUL_FILE_BYTES])
{
	snprintf(ret_file, HAUL_FILE_BYTES, "%.*s%s", (int)HAUL_JOB_BYTES - 1, job,
		HAUL_FILE_SUFFIX);
}

int haul_directory_path(unsigned index, char *ret_path, size_t path_bytes)
{
	const char *runtime;
	int length;

	if (index == 0) {
		length = snprintf(ret_path, path_bytes, "/dev/shm/haul-%u", (unsigned)geteuid());
	} else {
		runtime = getenv("XDG_RUNTIME_DIR");
		if (!runtime || runtime[0] != '/')
			return -ENOENT;
		length = snprintf(ret_path, path_bytes, "%s/haul", runtime);
	}
	return length >= 0 && (size_t)length < path_bytes ? 0 : -ENAMETOOLONG;
}

int haul_directory_open(const char *path, bool create)
{
	struct stat status;
	int fd, error = 0;

	if (create && mkdir(path, 0700) && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* Anybody may make a directory of this name in /dev/shm before us. */
	if (fstat(fd, &status))
		error = -errno;
	else if (status.st_uid != geteuid() || (status.st_mode & 077))
		error = -EPERM;
	if (error) {
		close(fd);
		return error;
	}
	return fd;
}

bool haul_job_from_file(const char *file, char ret_job[HAUL_JOB_BYTES])
{
	size_t bytes = strlen(file);
	size_t suffix_bytes = strlen(HAUL_FILE_SUFFIX);

	if (bytes <= suffix_bytes || strcmp(file + bytes - suffix_bytes, HAUL_FILE_SUFFIX) != 0)
		return false;
	bytes -= suffix_bytes;
	if (bytes >= HAUL_JOB_BYTES)
		return false;
	memcpy(ret_job, file, bytes);
	ret_job[bytes] = 0;
	return haul_job_name_valid(ret_job);
}

/* Takes over fd. */
static int each_in_directory(int fd, int (*found)(const char *job, void *context), void *context)
{
	DIR *directory = fdopendir(fd);
	struct dirent *entry;
	char job[HAUL_JOB_BYTES];
	int result = 0;

	if (!directory) {
		result = -errno;
		close(fd);
		return result;
	}
	while (!result) {
		errno = 0;
		entry = readdir(directory);
		if (!entry) {
			result = -errno;
			break;
		}
		if (haul_job_from_file(entry->d_name, job))
			result = found(job, context);
	}
	closedir(directory);
	return result;
}

int haul_jobs_each(int (*found)(const char *job, void *context), void *context)
{
	int result = 0;

	for (unsigned i = 0; i < HAUL_DIRECTORIES && !result; i++) {
		char path[PATH_MAX];
		int fd;

		if (haul_directory_path(i, path, sizeof(path)))
			continue;
		/* One that isn't there, or isn't to be trusted, holds no jobs of this user. */
		fd = haul_directory_open(path, false);
		if (fd >= 0)
			result = each_in_directory(fd, found, context);
	}
	return result;
}
