/* SPDX-License-Identifier: MIT */
#include "job/state_directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX        ".journal"
#define RECORD_SUFFIX ".run"

static const char *home(void)
{
	const char *path = getenv("HOME");
	const struct passwd *user;

	if (path && *path == '/')
		return path;
	user = getpwuid(geteuid());
	return user ? user->pw_dir : NULL;
}

static int directory_path(char *ret_path, size_t capacity)
{
	const char *state = getenv("XDG_STATE_HOME");
	int bytes;

	if (state && *state == '/')
		bytes = snprintf(ret_path, capacity, "%s/haul", state);
	else if (home())
		bytes = snprintf(ret_path, capacity, "%s/.local/state/haul", home());
	else
		return -ENOENT;
	return (size_t)bytes < capacity ? 0 : -ENAMETOOLONG;
}

/* With the directories above it, as the XDG specification has them made. */
static int make_directories(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		int error;

		*slash = '\0';
		error = mkdir(path, 0700) && errno != EEXIST ? -errno : 0;
		*slash = '/';
		/* A directory that exists may lie on a filesystem that is read-only. */
		if (error && error != -EROFS && error != -EACCES)
			return error;
	}
	return mkdir(path, 0700) && errno != EEXIST ? -errno : 0;
}

/* 0, or why it can't be trusted. */
static int check_directory(const char *path)
{
	struct stat status;

	if (lstat(path, &status))
		return -errno;
	if (!S_ISDIR(status.st_mode))
		return -ENOTDIR;
	if (status.st_uid != geteuid() || status.st_mode & (S_IRWXG | S_IRWXO))
		return -EPERM;
	return 0;
}

static int file_path(
	const char *name, const char *suffix, bool create, char ret_path[STATE_PATH_BYTES])
{
	char path[STATE_PATH_BYTES];
	int error = directory_path(path, sizeof(path));
	int bytes;

	if (!error && create)
		error = make_directories(path);
	if (!error)
		error = check_directory(path);
	if (error)
		return error;
	bytes = snprintf(ret_path, STATE_PATH_BYTES, "%s/%s%s", path, name, suffix);
	return bytes < STATE_PATH_BYTES ? 0 : -ENAMETOOLONG;
}

int state_journal_path(const char *job, bool create, char ret_path[STATE_PATH_BYTES])
{
	return file_path(job, SUFFIX, create, ret_path);
}

int state_record_path(const char *run, bool create, char ret_path[STATE_PATH_BYTES])
{
	return file_path(run, RECORD_SUFFIX, create, ret_path);
}

static int tell_entry(
	const struct dirent *entry, int (*tell)(const char *job, void *context), void *context)
{
	char job[sizeof(entry->d_name)];
	size_t bytes = strlen(entry->d_name), suffix = strlen(SUFFIX);

	if (bytes <= suffix || strcmp(entry->d_name + bytes - suffix, SUFFIX) != 0)
		return 0;
	memcpy(job, entry->d_name, bytes - suffix);
	job[bytes - suffix] = '\0';
	return tell(job, context);
}

int state_each_journal(int (*tell)(const char *job, void *context), void *context)
{
	char path[STATE_PATH_BYTES];
	const struct dirent *entry;
	int error = directory_path(path, sizeof(path));
	DIR *directory;

	if (!error)
		error = check_directory(path);
	if (error)
		return error == -ENOENT ? 0 : error;
	directory = opendir(path);
	if (!directory)
		return -errno;
	while (!error && (entry = readdir(directory)))
		error = tell_entry(entry, tell, context);
	closedir(directory);
	return error;
}
