/* SPDX-License-Identifier: MIT */
/*
 * Bytes on their way to a descriptor that may not take them now: whole messages go in, and come
 * out as fast as the other side reads. Memory is bounded by the limit given with each message.
 */
#ifndef ENGINE_PUBLISHER_OUTBOX_H
#define ENGINE_PUBLISHER_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>

struct outbox {
	char *data;
	size_t capacity;
	size_t start; /* of what is not sent yet */
	size_t end;
};

/* All zeros is an empty one. */
void outbox_close(struct outbox *outbox);

size_t outbox_bytes(const struct outbox *outbox);

/* Appends a message, unless more than `limit_bytes` would be waiting then: -ENOSPC. -ENOMEM. */
int outbox_put(struct outbox *outbox, const void *data, size_t bytes, size_t limit_bytes);

/* Sends what the descriptor takes without blocking. Returns 0, also when something is left, or
 * -errno when the descriptor is of no use any more. */
int outbox_send(struct outbox *outbox, int fd);

/* A duplicate of `fd` that writes without blocking, although others that share the original go on
 * as before: a pipe or terminal is opened again. What can't be (a socket, a file) is duplicated;
 * writes to sockets don't block all the same, and those to files never wait for a reader. The
 * caller closes it. -errno. */
int outbox_open_fd(int fd, int *ret_fd);

#endif
