/* SPDX-License-Identifier: MIT */
/* What arrives on the channel. */
#ifndef ENGINE_WORKER_INBOX_H
#define ENGINE_WORKER_INBOX_H

#include "worker/executor.h"

/* Takes what is there, with `block` at least one datagram. Items are queued, everything else is
 * done at once. 0, or -errno: -EPIPE when the coordinator has gone. */
int inbox_receive(struct executor *executor, bool block);

/* Waits for the first datagram and takes the options from its first record. */
int inbox_receive_setup(
	struct executor *executor, struct wire_setup *ret_setup, size_t *ret_offset);
/* Takes the records of the last datagram from `offset` on. */
int inbox_take_rest(struct executor *executor, size_t offset);

#endif
