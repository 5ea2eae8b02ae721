/* SPDX-License-Identifier: MIT */
/*
 * Closes descriptors whose close can't fail in a way that matters (they were only read from),
 * neighbours with one call. The kernel hands out the lowest free numbers, so most are neighbours.
 */
#ifndef ENGINE_IO_CLOSE_BATCH_H
#define ENGINE_IO_CLOSE_BATCH_H

#define CLOSE_BATCH_MAX 32

/* Zeroed is empty. */
struct close_batch {
	unsigned count;
	int fd[CLOSE_BATCH_MAX]; /* in rising order */
};

/* Closes it soon: at the latest when the batch is flushed. */
void close_batch_add(struct close_batch *batch, int fd);
void close_batch_flush(struct close_batch *batch);

#endif
