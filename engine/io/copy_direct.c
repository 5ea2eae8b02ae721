/* SPDX-License-Identifier: MIT */
/*
 * Past the page cache, with several chunks in flight. What direct I/O can't do is done through the
 * cache: the last bytes of a file, and everything on a filesystem that refuses.
 */
#include <errno.h>
#include <fcntl.h>

#include "io/copy_ops.h"
#include "io/source.h"
#include "io/transfer.h"

/* What offsets, lengths and memory must be multiples of: no device asks for more. */
#define ALIGNMENT 4096u

static bool is_aligned(uint64_t number)
{
	return number % ALIGNMENT == 0;
}

/* Requests in flight have taken their flags along. False: it can't be. */
static bool set_direct(int fd, bool direct)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return false;
	return !fcntl(fd, F_SETFL, direct ? flags | O_DIRECT : flags & ~O_DIRECT);
}

static void begin_direct(struct transfer *transfer)
{
	transfer->direct_begun = true;
	transfer->source_direct = transfer->manner.source_direct &&
				  is_aligned(transfer->position) &&
				  set_direct(transfer->source_fd, true);
	transfer->target_direct = transfer->manner.target_direct && !transfer->make_holes &&
				  is_aligned(transfer->position) &&
				  set_direct(transfer->target_fd, true);
}

static void refuse_direct(int fd, bool *direct)
{
	if (*direct)
		set_direct(fd, false);
	*direct = false;
}

static struct ring_tag chunk_tag(
	const struct transfer *transfer, const struct transfer_chunk *chunk)
{
	struct ring_tag tag = transfer->tag;

	tag.part = (uint8_t)(chunk - transfer->chunk);
	return tag;
}

/* ---- writing ---- */

/* Past the end of the last whole block there is only the cache. */
static void write_through_cache(struct transfer *transfer, struct transfer_chunk *chunk)
{
	bool direct = transfer->target_direct;
	uint64_t offset = chunk->offset + chunk->written;
	int error;

	if (!direct && !chunk->written) {
		error = transfer_write_chunk(transfer, chunk);
		if (error)
			transfer_fail(transfer, chunk, TRANSFER_FAULT_WRITE, error);
		return;
	}
	refuse_direct(transfer->target_fd, &transfer->target_direct);
	error = transfer_write(transfer->target_fd, chunk->buffer + chunk->written,
		chunk->filled - chunk->written, offset);
	if (direct)
		transfer->target_direct = set_direct(transfer->target_fd, true);
	if (error)
		transfer_fail(transfer, chunk, TRANSFER_FAULT_WRITE, error);
	else
		transfer_accept(transfer, chunk);
}

static void write_chunk(struct transfer *transfer, struct transfer_chunk *chunk)
{
	uint32_t left = chunk->filled - chunk->written;
	uint32_t whole = left - left % ALIGNMENT;

	chunk->writing = true;
	if (!left) {
		transfer_accept(transfer, chunk);
		return;
	}
	if (!transfer->target_direct || !is_aligned(chunk->written) || !whole ||
		ring_write(transfer->ring, chunk_tag(transfer, chunk), transfer->target_fd,
			chunk->buffer + chunk->written, whole, chunk->offset + chunk->written))
		write_through_cache(transfer, chunk);
	else
		transfer->in_flight++;
}

static void wrote(struct transfer *transfer, struct transfer_chunk *chunk, int result)
{
	if (result == -EINVAL || result == -EOPNOTSUPP)
		refuse_direct(transfer->target_fd, &transfer->target_direct);
	else if (result == 0)
		result = -EIO;
	if (result > 0)
		chunk->written += (uint32_t)result;
	else if (result != -EAGAIN && result != -EINTR && transfer->target_direct) {
		transfer_fail(transfer, chunk, TRANSFER_FAULT_WRITE, result);
		return;
	}
	write_chunk(transfer, chunk);
}

/* ---- reading ---- */

static void read_through_cache(struct transfer *transfer, struct transfer_chunk *chunk)
{
	bool direct = transfer->source_direct;
	ssize_t got;

	refuse_direct(transfer->source_fd, &transfer->source_direct);
	got = source_read(transfer->source_fd, chunk->buffer + chunk->filled,
		chunk->bytes - chunk->filled, chunk->offset + chunk->filled);
	if (direct)
		transfer->source_direct = set_direct(transfer->source_fd, true);
	if (got < 0) {
		transfer_fail(transfer, chunk, TRANSFER_FAULT_READ, (int)got);
		return;
	}
	chunk->filled += (uint32_t)got;
	if (chunk->filled < chunk->bytes)
		transfer_at_end(transfer, chunk);
	write_chunk(transfer, chunk);
}

/* Asks for whole blocks: the file's end cuts the last one. */
static void read_chunk(struct transfer *transfer, struct transfer_chunk *chunk)
{
	uint32_t left = chunk->bytes - chunk->filled;
	uint32_t whole = (left + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;

	if (!is_aligned(chunk->filled) ||
		ring_read(transfer->ring, chunk_tag(transfer, chunk), transfer->source_fd,
			chunk->buffer + chunk->filled, transfer->source_direct ? whole : left,
			chunk->offset + chunk->filled))
		read_through_cache(transfer, chunk);
	else
		transfer->in_flight++;
}

static void was_read(struct transfer *transfer, struct transfer_chunk *chunk, int result)
{
	uint32_t left = chunk->bytes - chunk->filled;

	if (result == -EINVAL && transfer->source_direct) {
		refuse_direct(transfer->source_fd, &transfer->source_direct);
		result = -EAGAIN;
	}
	if (result < 0 && result != -EAGAIN && result != -EINTR) {
		transfer_fail(transfer, chunk, TRANSFER_FAULT_READ, result);
		return;
	}
	/* What the file grew by meanwhile isn't asked for. */
	if (result > 0)
		chunk->filled += (uint32_t)result < left ? (uint32_t)result : left;
	if (!result)
		transfer_at_end(transfer, chunk);
	if (chunk->filled == chunk->bytes)
		write_chunk(transfer, chunk);
	else
		read_chunk(transfer, chunk);
}

/* What is cached is there at once, if it isn't to be read past the cache. */
static void begin_chunk(struct transfer *transfer, struct transfer_chunk *chunk)
{
	ssize_t got = -EAGAIN;

	if (!transfer->source_direct)
		got = source_read_cached(transfer->source_filesystem, transfer->source_fd,
			chunk->buffer, chunk->bytes, chunk->offset);
	if (got == -EAGAIN)
		read_chunk(transfer, chunk);
	else
		was_read(transfer, chunk, (int)got);
}

/* ---- both ---- */

static int direct_advance(struct transfer *transfer)
{
	uint64_t start = transfer->accepted_bytes;
	struct transfer_chunk *chunk = NULL;
	int error;

	if (!transfer->direct_begun)
		begin_direct(transfer);
	do {
		error = transfer_next_chunk(transfer, &chunk);
		if (error)
			transfer_fail(transfer, NULL, TRANSFER_FAULT_READ, error);
		else if (chunk)
			begin_chunk(transfer, chunk);
	} while (chunk && transfer->accepted_bytes - start < transfer_share_bytes(transfer));
	return transfer_progress(transfer);
}

static int direct_complete(struct transfer *transfer, unsigned part, int result)
{
	struct transfer_chunk *chunk = &transfer->chunk[part];

	transfer->in_flight--;
	if (transfer->error)
		transfer_fail(transfer, chunk, transfer->fault, transfer->error);
	else if (chunk->writing)
		wrote(transfer, chunk, result);
	else
		was_read(transfer, chunk, result);
	return direct_advance(transfer);
}

const struct copy_ops copy_direct = {
	.name = "direct",
	.advance = direct_advance,
	.complete = direct_complete,
};
