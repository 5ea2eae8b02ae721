/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "io/copy_ops.h"
#include "io/source.h"
#include "io/transfer.h"

static int queue_read(struct transfer *transfer, struct transfer_chunk *chunk)
{
	struct ring_tag tag = transfer->tag;
	int error;

	tag.part = (uint8_t)(chunk - transfer->chunk);
	error = ring_read(transfer->ring, tag, transfer->source_fd, chunk->buffer + chunk->filled,
		chunk->bytes - chunk->filled, chunk->offset + chunk->filled);
	if (!error)
		transfer->in_flight++;
	return error;
}

static void write_chunk(struct transfer *transfer, struct transfer_chunk *chunk)
{
	int error = transfer_write_chunk(transfer, chunk);

	if (error)
		transfer_fail(transfer, chunk, TRANSFER_FAULT_WRITE, error);
}

/* Takes in what a read gave (0: the end). */
static void take_read(struct transfer *transfer, struct transfer_chunk *chunk, ssize_t got)
{
	if (got < 0) {
		transfer_fail(transfer, chunk, TRANSFER_FAULT_READ, (int)got);
		return;
	}
	chunk->filled += (uint32_t)got;
	if (!got)
		transfer_at_end(transfer, chunk);
	if (chunk->filled == chunk->bytes)
		write_chunk(transfer, chunk);
}

/* Fills the chunk through the ring, or by plain reads where the ring can't take it. */
static void read_rest(struct transfer *transfer, struct transfer_chunk *chunk)
{
	ssize_t got;

	while (chunk->buffer && queue_read(transfer, chunk)) {
		got = source_read(transfer->source_fd, chunk->buffer + chunk->filled,
			chunk->bytes - chunk->filled, chunk->offset + chunk->filled);
		take_read(transfer, chunk, got);
	}
}

/* What is cached needs no request, and is written while it is still in the processor's cache. */
static void begin_chunk(struct transfer *transfer, struct transfer_chunk *chunk)
{
	ssize_t got = source_read_cached(transfer->source_filesystem, transfer->source_fd,
		chunk->buffer, chunk->bytes, chunk->offset);

	if (got > 0 || (got < 0 && got != -EAGAIN))
		take_read(transfer, chunk, got);
	if (chunk->buffer)
		read_rest(transfer, chunk);
}

static int uring_advance(struct transfer *transfer)
{
	uint64_t start = transfer->accepted_bytes;
	struct transfer_chunk *chunk = NULL;
	int error;

	do {
		error = transfer_next_chunk(transfer, &chunk);
		if (error)
			transfer_fail(transfer, NULL, TRANSFER_FAULT_READ, error);
		else if (chunk)
			begin_chunk(transfer, chunk);
	} while (chunk && transfer->accepted_bytes - start < transfer_share_bytes(transfer));
	return transfer_progress(transfer);
}

static int uring_complete(struct transfer *transfer, unsigned part, int result)
{
	struct transfer_chunk *chunk = &transfer->chunk[part];

	transfer->in_flight--;
	if (transfer->error)
		transfer_fail(transfer, chunk, TRANSFER_FAULT_READ, transfer->error);
	else if (result != -EAGAIN && result != -EINTR)
		take_read(transfer, chunk, result);
	if (chunk->buffer)
		read_rest(transfer, chunk);
	return uring_advance(transfer);
}

const struct copy_ops copy_uring = {
	.name = "uring",
	.advance = uring_advance,
	.complete = uring_complete,
};
