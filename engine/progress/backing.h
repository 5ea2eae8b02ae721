/* SPDX-License-Identifier: MIT */
/*
 * The memory that a region lives in: a file of /dev/shm with a name that readers can find, or,
 * where there is no room or no safe directory, an anonymous memfd. Made, filled by its owner, and
 * only then published under its name, so that no reader ever sees a half-made one.
 */
#ifndef ENGINE_PROGRESS_BACKING_H
#define ENGINE_PROGRESS_BACKING_H

#include <stdint.h>

/* A directory with a longer path is passed over. */
#define BACKING_DIRECTORY_BYTES 160

struct backing {
	int lock_fd;      /* holds the write lock; see region.h */
	int inherit_fd;   /* the same file, opened separately */
	int directory_fd; /* -1: a memfd, which has no name */
	char directory[BACKING_DIRECTORY_BYTES];
};

/* Makes a file of `bytes` zeroes whose memory is allocated, and locks it. -ENOMEM or -ENOSPC when
 * there is no memory of either kind. */
int backing_open(uint64_t bytes, struct backing *ret_backing);

/* Gives it the name of a job. -EEXIST: a running job has it. One that a dead job left behind is
 * replaced. Does nothing, successfully, for a memfd. */
int backing_publish(const struct backing *backing, const char *job);

/* Closes what backing_open opened, but for the descriptors that were taken out (set to -1). */
void backing_close(struct backing *backing);

#endif
