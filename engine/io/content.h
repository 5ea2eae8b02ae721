/* SPDX-License-Identifier: MIT */
/*
 * The content of a file, or of two side by side, read in order with several chunks in flight: to
 * be compared, to get its checksum, or both. As with a transfer, one slot of one worker owns it.
 */
#ifndef ENGINE_IO_CONTENT_H
#define ENGINE_IO_CONTENT_H

#include <stdbool.h>
#include <stdint.h>

#include "io/buffer_pool.h"
#include "io/copy_ops.h"
#include "io/extent.h"
#include "io/ring.h"
#include "io/transfer.h"

#define CONTENT_SIDES  2
#define CONTENT_NO_FD  (-1)
#define CONTENT_WINDOW TRANSFER_DEPTH /* chunks in flight, at most */

struct content_side {
	int fd;             /* CONTENT_NO_FD: there is no such side */
	bool direct;        /* it is read past the page cache; turned off where that fails */
	bool sparse;        /* holes are looked for */
	struct extent data; /* that the latest chunk is in, when sparse */
};

struct content_chunk {
	uint64_t offset;
	uint32_t bytes;
	uint32_t filled[CONTENT_SIDES];
	bool complete[CONTENT_SIDES];
	uint8_t *buffer[CONTENT_SIDES];
};

struct checksum;

struct content {
	struct ring *ring;   /* NULL: plain reads */
	struct ring_tag tag; /* of requests; `part` is filled in */
	struct buffer_pool *pool;
	struct content_side side[CONTENT_SIDES];
	struct checksum *sum; /* gets what side 1 holds, or NULL */
	uint64_t position; /* a multiple of MEDIUM_ALIGNMENT; everything before it is in flight */
	uint64_t end;
	uint64_t done_bytes; /* since the start; holes count */
	uint64_t differs_at; /* UINT64_MAX: the sides are the same so far */
	int error;
	unsigned fault; /* the side of the error */
	bool shrunk;    /* a side ended before `end` */
	unsigned in_flight;
	unsigned first; /* of the chunks, in order; they are used in turn */
	unsigned count; /* of those in use */
	struct content_chunk chunk[CONTENT_WINDOW];
};

/* Go on as far as a fair share or the ring allows: an enum transfer_progress or -errno, after which
 * nothing is in flight. A difference and an early end are no errors, and end it, too. */
int content_advance(struct content *content);
/* A request whose tag was of this content is complete. */
int content_complete(struct content *content, unsigned part, int result);
/* Gives back the buffers. Nothing may be in flight. */
void content_close(struct content *content);

#endif
