/* SPDX-License-Identifier: MIT */
/*
 * Content on its way from one open file to another: what all ways of copying share. A transfer is
 * owned by one slot of one worker, so it needs no lock.
 */
#ifndef ENGINE_IO_TRANSFER_H
#define ENGINE_IO_TRANSFER_H

#include <stdbool.h>
#include <stdint.h>

#include "io/buffer_pool.h"
#include "io/checksum.h"
#include "io/copy_ops.h"
#include "io/extent.h"
#include "io/filesystem.h"
#include "io/pace.h"
#include "io/ring.h"
#include "io/write_window.h"

#define TRANSFER_CHUNK_BYTES (256 * 1024)
#define TRANSFER_WINDOW      16 /* chunks in flight, at most */
#define TRANSFER_DEPTH       8  /* and where nobody says how many */

/* Of transfers that have buffers of their own size. */
#define TRANSFER_BLOCK_MIN (64 * 1024)
#define TRANSFER_BLOCK_MAX (1024 * 1024)

/* After this much `advance` returns, so that other work and the channel have their turn. */
#define TRANSFER_SHARE_BYTES (4 * 1024 * 1024)

/* How content is moved: chosen by others, and by nothing in here. */
struct transfer_manner {
	uint32_t block_bytes; /* of a chunk; no more than the pool's buffers have */
	uint8_t depth;        /* chunks in flight, 1 to TRANSFER_WINDOW */
	bool source_direct;   /* past the page cache where it can be (copy_direct) */
	bool target_direct;
	bool write_behind; /* no more than a window of what was written through it stays there */
};

/* Of files of which nothing special is known. */
static const struct transfer_manner transfer_usual = {
	.block_bytes = TRANSFER_CHUNK_BYTES,
	.depth = TRANSFER_DEPTH,
};

struct transfer_chunk {
	uint8_t *buffer; /* NULL: free */
	uint64_t offset;
	uint32_t bytes; /* wanted */
	uint32_t filled;
	uint32_t written; /* by those that write in pieces */
	bool writing;
	bool uncharged; /* how much it is was not known before it was read */
};

/* What was written, and waits for what is before it to go into the checksum. */
struct transfer_held {
	uint8_t *buffer; /* NULL: none */
	uint64_t offset;
	uint32_t bytes;
};

enum transfer_fault {
	TRANSFER_FAULT_NONE,
	TRANSFER_FAULT_READ,
	TRANSFER_FAULT_WRITE,
};

struct transfer {
	const struct copy_ops *ops;
	struct ring *ring;   /* may be NULL for those that need none */
	struct ring_tag tag; /* of requests; `part` is filled in */
	struct buffer_pool *pool;
	struct pace *pace; /* NULL: as fast as can be */
	struct filesystem *source_filesystem;
	int source_fd;
	int target_fd;
	uint64_t position; /* everything before it is done or in flight */
	uint64_t end;      /* UINT64_MAX: wherever the file ends, one chunk at a time */
	bool sparse;       /* look for holes; the target is empty and has its size */
	bool make_holes;   /* with `sparse`: blocks of zeros aren't written */
	struct transfer_manner manner;
	bool direct_begun; /* these three are copy_direct's */
	bool source_direct;
	bool target_direct;
	struct extent data;         /* that `position` is in, when sparse */
	struct write_window window; /* with manner.write_behind */
	uint64_t read_bytes;        /* since the start; holes count, since they are done, too */
	uint64_t accepted_bytes;
	enum transfer_fault fault; /* of the first error */
	int error;
	struct checksum *sum; /* of what was read, holes included; NULL: none is taken */
	uint64_t summed_until;
	unsigned held_count;
	struct transfer_held held[TRANSFER_WINDOW];
	unsigned in_flight;
	struct transfer_chunk chunk[TRANSFER_WINDOW];
};

static inline int transfer_advance(struct transfer *transfer)
{
	return transfer->ops->advance(transfer);
}

static inline int transfer_complete(struct transfer *transfer, unsigned part, int result)
{
	return transfer->ops->complete(transfer, part, result);
}

/* All was moved: completes the checksum with the hole at the end, if there is one. */
void transfer_complete_sum(struct transfer *transfer);

/* Gives back what the transfer holds. Nothing may be in flight. */
void transfer_end(struct transfer *transfer);

/* ---- for the ways of copying ---- */

/* How much `advance` moves at most. */
uint64_t transfer_share_bytes(const struct transfer *transfer);
/* The next chunk to read, holes skipped. *ret_chunk is NULL when there is none, because all was
 * begun, the window is full or there is no buffer. */
int transfer_next_chunk(struct transfer *transfer, struct transfer_chunk **ret_chunk);
/* The source ended at this chunk. */
void transfer_at_end(struct transfer *transfer, struct transfer_chunk *chunk);
/* Where the next piece of data ends, holes before it skipped. */
int transfer_find_data(struct transfer *transfer, uint64_t *ret_until);
/* The target took what the chunk holds: counts and frees it. */
void transfer_accept(struct transfer *transfer, struct transfer_chunk *chunk);
/* Writes what the chunk holds and frees it. */
int transfer_write_chunk(struct transfer *transfer, struct transfer_chunk *chunk);
/* Remembers the first error and frees the chunk, if any. */
void transfer_fail(struct transfer *transfer, struct transfer_chunk *chunk,
	enum transfer_fault fault, int error);
/* What advance or complete return. */
int transfer_progress(const struct transfer *transfer);

/* Writes all of it; a full disk may take a part before it says so. */
int transfer_write(int fd, const void *data, size_t bytes, uint64_t offset);

#endif
