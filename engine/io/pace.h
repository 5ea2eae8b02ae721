/* SPDX-License-Identifier: MIT */
/*
 * A limit on bytes per second that several processes keep together. They share one number: when the
 * next byte may move. Whoever wants to move some puts it off by as long as those may take, and
 * waits until his own turn has come.
 *
 * Pieces are as small as 50 ms of the limit, shared by all processes, so that nothing comes in
 * bursts and nobody waits long. A process that comes late may make up for 50 ms: what the machine
 * was late by is then not lost, and what nobody used for longer is.
 */
#ifndef ENGINE_IO_PACE_H
#define ENGINE_IO_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace {
	uint64_t *next_ns; /* shared, CLOCK_MONOTONIC; NULL: there is no limit */
	uint64_t bytes_per_s;
	uint64_t share_bytes; /* that a process may move in a row */
	uint32_t chunk_bytes; /* at once */
	unsigned window;      /* of chunks in flight */
	bool waited;          /* somebody may have something to say to us meanwhile */
};

/* `bytes_per_s` is 0 for no limit. `next_ns` was set to the time of the beginning. */
void pace_open(struct pace *pace, uint64_t *next_ns, uint64_t bytes_per_s, unsigned processes,
	uint32_t chunk_bytes_max, unsigned window_max);

/* Waits until `bytes` may move; 0: until any may. */
void pace_take(struct pace *pace, uint64_t bytes);
/* Bytes have moved that nobody knew of before. */
void pace_charge(struct pace *pace, uint64_t bytes);

static inline bool pace_limits(const struct pace *pace)
{
	return pace && pace->next_ns;
}

#endif
