/* SPDX-License-Identifier: MIT */
#include "io/special.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define OWNER_ONLY     0600
#define LINK_BYTES_MAX (1024 * 1024) /* no filesystem has longer ones */

int special_read_link(int directory_fd, const char *name, size_t expected_bytes, char **ret_link)
{
	size_t capacity = expected_bytes + 1;

	while (capacity <= LINK_BYTES_MAX) {
		char *link = malloc(capacity);
		ssize_t bytes;

		if (!link)
			return -ENOMEM;
		bytes = readlinkat(directory_fd, name, link, capacity);
		if (bytes >= 0 && (size_t)bytes < capacity) {
			link[bytes] = '\0';
			*ret_link = link;
			return 0;
		}
		free(link);
		if (bytes < 0)
			return -errno;
		capacity *= 2; /* it changed, or the filesystem doesn't tell (procfs says 0) */
	}
	return -ENAMETOOLONG;
}

int special_make(int directory_fd, const char *name, const struct stat *source, const char *link)
{
	if (link)
		return symlinkat(link, directory_fd, name) ? -errno : 0;
	if (mknodat(directory_fd, name, (source->st_mode & S_IFMT) | OWNER_ONLY, source->st_rdev))
		return -errno;
	return 0;
}
