/* SPDX-License-Identifier: MIT */
/* A directory's entries, a buffer at a time, in the order of their inodes. */
#ifndef ENGINE_IO_LISTING_H
#define ENGINE_IO_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#define LISTING_BUFFER_BYTES (32 * 1024)
#define LISTING_NAMES_MAX    (LISTING_BUFFER_BYTES / 24) /* the shortest entry takes 24 bytes */

struct listing_name {
	const char *name; /* in the listing's buffer */
	uint64_t inode;
	uint8_t type; /* DT_UNKNOWN where the filesystem doesn't tell */
};

struct listing {
	uint64_t next_position; /* where to go on; meaningless when complete */
	bool complete;
	unsigned count;
	struct listing_name entry[LISTING_NAMES_MAX];
	char buffer[LISTING_BUFFER_BYTES] __attribute__((aligned(8)));
};

/* Reads what fits into the buffer, from `position` on (0: the beginning; else what a listing of
 * the same directory gave). "." and ".." are left out. Inodes are sorted, because a disk likes
 * them to be asked for in that order. */
int listing_read(struct listing *listing, int directory_fd, uint64_t position);

#endif
