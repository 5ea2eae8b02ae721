/* SPDX-License-Identifier: MIT */
/*
 * An io_uring as a worker uses it: one thread submits and reaps, requests carry a tag that says
 * whose they are. Every function returns 0 or more, or -errno.
 *
 * A request that can't be queued (-EBUSY, -EAGAIN: the kernel is short of memory) was not begun:
 * the caller does the same by a plain call.
 */
#ifndef ENGINE_IO_RING_H
#define ENGINE_IO_RING_H

#include <liburing.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "io/tag.h"

/* More requests than this at once are never wanted: 64 files, 64 chunks, 4 listings of 64. The
 * completion queue is twice as long, so that it can't overflow. */
#define RING_ENTRIES 256

/* Queued requests are handed over in groups of this: early, so that the device has work, but enough
 * of them for the block layer to merge neighbours. Copying 23,000 cold files from ext4 took 23,700
 * reads from the disk in groups of 8, 23,000 in groups of 32, 22,300 in groups of 64. */
#define RING_BATCH 32

/* Kernel threads for what can't be done without blocking (opens and stats of what isn't cached).
 * The default, four per entry and CPU, floods a small machine. */
#define RING_BLOCKING_THREADS 32

struct ring {
	struct io_uring uring;
	unsigned queued;    /* not handed over yet */
	unsigned in_flight; /* queued ones included */
};

/* -EOPNOTSUPP: the kernel's io_uring lacks an operation that is needed here. Other errors are those
 * of io_uring_setup(2), -EPERM and -ENOSYS among them where rings are forbidden. */
int ring_open(struct ring *ring);
void ring_close(struct ring *ring);

int ring_read(struct ring *ring, struct ring_tag tag, int fd, void *buffer, unsigned bytes,
	uint64_t offset);
int ring_write(struct ring *ring, struct ring_tag tag, int fd, const void *buffer, unsigned bytes,
	uint64_t offset);
/* `how` and `name` must stay until the request is complete. */
int ring_open_file(struct ring *ring, struct ring_tag tag, int directory_fd, const char *name,
	struct open_how *how);
int ring_stat(struct ring *ring, struct ring_tag tag, int directory_fd, const char *name, int flags,
	unsigned mask, struct statx *ret_status);
/* Completes once, when the descriptor is readable or hung up. */
int ring_poll(struct ring *ring, struct ring_tag tag, int fd);

typedef void (*ring_handler)(void *context, struct ring_tag tag, int result);

/* Hands over what is queued; without `wait` that is all, with it the caller sleeps until something
 * is complete. Then calls the handler for each completion. Returns how many there were. */
int ring_reap(struct ring *ring, bool wait, ring_handler handler, void *context);

#endif
