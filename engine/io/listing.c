/* SPDX-License-Identifier: MIT */
#include "io/listing.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* An entry with the longest name: below that the kernel would say EINVAL. */
#define ENTRY_BYTES_MAX 512

static int compare_inodes(const void *a, const void *b)
{
	const struct listing_name *left = a, *right = b;

	return (left->inode > right->inode) - (left->inode < right->inode);
}

static bool is_dots(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

static void take_entries(struct listing *listing, size_t start, size_t end)
{
	const struct dirent64 *entry;

	for (size_t at = start; at < end; at += entry->d_reclen) {
		entry = (const void *)(listing->buffer + at);
		listing->next_position = (uint64_t)entry->d_off;
		if (!is_dots(entry->d_name))
			listing->entry[listing->count++] =
				(struct listing_name){entry->d_name, entry->d_ino, entry->d_type};
	}
}

/* Asks again while there is room, so that the end of a small directory shows in the same go. */
static int fill(struct listing *listing, int directory_fd)
{
	size_t used = 0;

	while (LISTING_BUFFER_BYTES - used >= ENTRY_BYTES_MAX) {
		ssize_t got = getdents64(
			directory_fd, listing->buffer + used, LISTING_BUFFER_BYTES - used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got) {
			listing->complete = true;
			break;
		}
		take_entries(listing, used, used + (size_t)got);
		used += (size_t)got;
	}
	return 0;
}

int listing_read(struct listing *listing, int directory_fd, uint64_t position)
{
	int error;

	listing->count = 0;
	listing->complete = false;
	listing->next_position = position;
	if (lseek(directory_fd, (off_t)position, SEEK_SET) < 0)
		return -errno;
	error = fill(listing, directory_fd);
	if (error)
		return error;
	qsort(listing->entry, listing->count, sizeof(listing->entry[0]), compare_inodes);
	return 0;
}
