/* SPDX-License-Identifier: MIT */
#include "job/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "job/root.h"

/* A rename now and then is met, this many in a row are no accident. */
#define RETRIES_MAX 64

struct directory *directory_new(
	struct root *root, struct directory *parent, const char *name, size_t name_bytes)
{
	struct directory *directory = calloc(1, sizeof(*directory) + name_bytes + 1);

	if (!directory)
		return NULL;
	directory->root = root;
	directory->parent = parent;
	directory->telling = parent ? parent->telling : NULL;
	directory->name_bytes = (uint16_t)name_bytes;
	memcpy(directory->name, name, name_bytes);
	if (parent)
		parent->pending++;
	return directory;
}

void directory_free(struct directory *directory)
{
	free(directory);
}

void directory_release(struct directory *directory)
{
	while (!directory->pending && directory->parent) {
		struct directory *parent = directory->parent;

		directory_free(directory);
		parent->pending--;
		directory = parent;
	}
}

int directory_path(const struct directory *directory, char *ret_path, size_t capacity)
{
	const struct directory *at;
	size_t bytes = 0;
	char *end;

	for (at = directory; at->parent; at = at->parent)
		bytes += at->name_bytes + 1u;
	if (bytes > capacity)
		return -ENAMETOOLONG;
	if (!bytes) {
		ret_path[0] = '\0';
		return 0;
	}
	end = ret_path + bytes - 1;
	*end = '\0';
	for (at = directory; at->parent; at = at->parent) {
		end -= at->name_bytes;
		memcpy(end, at->name, at->name_bytes);
		if (end > ret_path)
			*--end = '/';
	}
	return (int)bytes - 1;
}

int directory_open_target(const struct directory *directory, bool follow)
{
	char path[DIRECTORY_PATH_BYTES];
	struct open_how how = {
		.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = follow ? 0 : RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};
	int bytes = directory_path(directory, path, sizeof(path));
	long fd = -1;

	if (bytes < 0)
		return bytes;
	/* RESOLVE_BENEATH gives EAGAIN when something was renamed meanwhile. */
	for (unsigned i = 0; i < RETRIES_MAX; i++) {
		fd = syscall(SYS_openat2, directory->root->target_fd, *path ? path : ".", &how,
			sizeof(how));
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	return fd < 0 ? -errno : (int)fd;
}
