/* SPDX-License-Identifier: MIT */
#include "io/transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void chunk_free(struct transfer *transfer, struct transfer_chunk *chunk)
{
	buffer_pool_give(transfer->pool, chunk->buffer);
	chunk->buffer = NULL;
}

static void held_free(struct transfer *transfer, struct transfer_held *held)
{
	buffer_pool_give(transfer->pool, held->buffer);
	held->buffer = NULL;
	transfer->held_count--;
}

void transfer_end(struct transfer *transfer)
{
	for (unsigned i = 0; i < TRANSFER_WINDOW; i++)
		if (transfer->chunk[i].buffer)
			chunk_free(transfer, &transfer->chunk[i]);
	for (unsigned i = 0; i < TRANSFER_WINDOW; i++)
		if (transfer->held[i].buffer)
			held_free(transfer, &transfer->held[i]);
}

static bool unknown_end(const struct transfer *transfer)
{
	return transfer->end == UINT64_MAX;
}

/* A hole is done as soon as it is found: the target has it already. */
static void skip_hole(struct transfer *transfer, uint64_t until)
{
	transfer->read_bytes += until - transfer->position;
	transfer->accepted_bytes += until - transfer->position;
	transfer->position = until;
}

static int find_data(struct transfer *transfer)
{
	int error;

	if (transfer->position < transfer->data.end)
		return 0;
	error = extent_next(
		transfer->source_fd, transfer->position, transfer->end, &transfer->data);
	if (!error)
		skip_hole(transfer, transfer->data.start);
	return error;
}

int transfer_find_data(struct transfer *transfer, uint64_t *ret_until)
{
	int error =
		transfer->sparse && transfer->position < transfer->end ? find_data(transfer) : 0;

	if (!error)
		*ret_until = transfer->sparse ? transfer->data.end : transfer->end;
	return error;
}

static struct transfer_chunk *free_chunk(struct transfer *transfer)
{
	unsigned depth = unknown_end(transfer) ? 1 : transfer->manner.depth;
	unsigned used = transfer->held_count;
	struct transfer_chunk *free = NULL;

	if (pace_limits(transfer->pace) && depth > transfer->pace->window)
		depth = transfer->pace->window;

	for (unsigned i = 0; i < depth; i++) {
		if (transfer->chunk[i].buffer)
			used++;
		else
			free = &transfer->chunk[i];
	}
	/* Each may have to be held until an earlier one is there. */
	return used < depth ? free : NULL;
}

uint64_t transfer_share_bytes(const struct transfer *transfer)
{
	if (pace_limits(transfer->pace) && transfer->pace->share_bytes < TRANSFER_SHARE_BYTES)
		return transfer->pace->share_bytes;
	return TRANSFER_SHARE_BYTES;
}

/* Waits where there is a limit. */
static void charge(struct transfer *transfer, struct transfer_chunk *chunk)
{
	chunk->uncharged = unknown_end(transfer);
	pace_take(transfer->pace, chunk->uncharged ? 0 : chunk->bytes);
}

int transfer_next_chunk(struct transfer *transfer, struct transfer_chunk **ret_chunk)
{
	struct transfer_chunk *chunk = free_chunk(transfer);
	uint64_t until;
	int error;

	*ret_chunk = NULL;
	if (!chunk || transfer->error || transfer->position >= transfer->end)
		return 0;
	error = transfer_find_data(transfer, &until);
	if (error || transfer->position >= transfer->end)
		return error;
	chunk->buffer = buffer_pool_take(transfer->pool);
	if (!chunk->buffer)
		return 0;
	chunk->offset = transfer->position;
	chunk->bytes = transfer->manner.block_bytes;
	if (pace_limits(transfer->pace) && chunk->bytes > transfer->pace->chunk_bytes)
		chunk->bytes = transfer->pace->chunk_bytes;
	if (until - transfer->position < chunk->bytes)
		chunk->bytes = (uint32_t)(until - transfer->position);
	charge(transfer, chunk);
	chunk->filled = 0;
	chunk->written = 0;
	chunk->writing = false;
	transfer->position += chunk->bytes;
	*ret_chunk = chunk;
	return 0;
}

void transfer_at_end(struct transfer *transfer, struct transfer_chunk *chunk)
{
	uint64_t end = chunk->offset + chunk->filled;

	chunk->bytes = chunk->filled;
	if (end < transfer->end)
		transfer->end = end;
}

int transfer_write(int fd, const void *data, size_t bytes, uint64_t offset)
{
	size_t written = 0;

	while (written < bytes) {
		ssize_t put = pwrite(fd, (const char *)data + written, bytes - written,
			(off_t)(offset + written));

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		if (!put)
			return -EIO;
		written += (size_t)put;
	}
	return 0;
}

/* ---- the checksum: in order, whatever order the chunks are written in ---- */

static struct transfer_held *earliest_held(struct transfer *transfer)
{
	struct transfer_held *earliest = NULL;

	for (unsigned i = 0; i < TRANSFER_WINDOW; i++) {
		struct transfer_held *held = &transfer->held[i];

		if (held->buffer && (!earliest || held->offset < earliest->offset))
			earliest = held;
	}
	return earliest;
}

static bool is_any_before(const struct transfer *transfer, uint64_t offset)
{
	for (unsigned i = 0; i < TRANSFER_WINDOW; i++)
		if (transfer->chunk[i].buffer && transfer->chunk[i].offset < offset)
			return true;
	return false;
}

static void sum_hole(struct transfer *transfer, uint64_t until)
{
	if (until > transfer->summed_until)
		checksum_add_zeros(transfer->sum, until - transfer->summed_until);
}

static void sum_held(struct transfer *transfer)
{
	struct transfer_held *held;

	while ((held = earliest_held(transfer)) && !is_any_before(transfer, held->offset)) {
		sum_hole(transfer, held->offset);
		checksum_add(transfer->sum, held->buffer, held->bytes);
		transfer->summed_until = held->offset + held->bytes;
		held_free(transfer, held);
	}
}

/* There is room: no more chunks are begun than can be held. */
static void hold(struct transfer *transfer, struct transfer_chunk *chunk)
{
	unsigned i = 0;

	while (transfer->held[i].buffer)
		i++;
	transfer->held[i] = (struct transfer_held){
		.buffer = chunk->buffer,
		.offset = chunk->offset,
		.bytes = chunk->filled,
	};
	transfer->held_count++;
	chunk->buffer = NULL;
}

void transfer_complete_sum(struct transfer *transfer)
{
	if (transfer->sum)
		sum_hole(transfer, transfer->end);
}

void transfer_accept(struct transfer *transfer, struct transfer_chunk *chunk)
{
	transfer->read_bytes += chunk->filled;
	transfer->accepted_bytes += chunk->filled;
	if (chunk->uncharged)
		pace_charge(transfer->pace, chunk->filled);
	if (!transfer->sum) {
		chunk_free(transfer, chunk);
		return;
	}
	hold(transfer, chunk);
	sum_held(transfer);
}

/* What filesystems allocate at least; a hole of less would save nothing. */
#define HOLE_BYTES 4096

static bool is_zero(const uint8_t *data, size_t bytes)
{
	return !data[0] && !memcmp(data, data + 1, bytes - 1);
}

/* How much, up to the end of a block, is all zeros or isn't. */
static size_t alike_bytes(const struct transfer_chunk *chunk, size_t from, bool *ret_zero)
{
	size_t at = from;

	*ret_zero = false;
	do {
		size_t bytes = HOLE_BYTES - (chunk->offset + at) % HOLE_BYTES;
		bool zero;

		if (bytes > chunk->filled - at)
			bytes = chunk->filled - at;
		zero = is_zero(chunk->buffer + at, bytes);
		if (at == from)
			*ret_zero = zero;
		else if (zero != *ret_zero)
			break;
		at += bytes;
	} while (at < chunk->filled);
	return at - from;
}

static int write_around_holes(const struct transfer *transfer, const struct transfer_chunk *chunk)
{
	int error = 0;

	for (size_t at = 0; at < chunk->filled && !error;) {
		bool zero;
		size_t bytes = alike_bytes(chunk, at, &zero);

		if (!zero)
			error = transfer_write(
				transfer->target_fd, chunk->buffer + at, bytes, chunk->offset + at);
		at += bytes;
	}
	return error;
}

static int write_filled(const struct transfer *transfer, const struct transfer_chunk *chunk)
{
	if (transfer->make_holes)
		return write_around_holes(transfer, chunk);
	return transfer_write(transfer->target_fd, chunk->buffer, chunk->filled, chunk->offset);
}

int transfer_write_chunk(struct transfer *transfer, struct transfer_chunk *chunk)
{
	int error = write_filled(transfer, chunk);

	if (error)
		return error;
	transfer_accept(transfer, chunk);
	if (!transfer->manner.write_behind)
		return 0;
	return write_window_advance(
		&transfer->window, transfer->target_fd, chunk->offset + chunk->filled);
}

void transfer_fail(struct transfer *transfer, struct transfer_chunk *chunk,
	enum transfer_fault fault, int error)
{
	if (!transfer->error) {
		transfer->error = error;
		transfer->fault = fault;
	}
	if (chunk && chunk->buffer)
		chunk_free(transfer, chunk);
}

int transfer_progress(const struct transfer *transfer)
{
	if (transfer->in_flight)
		return TRANSFER_PARKED;
	if (transfer->error)
		return transfer->error;
	return transfer->position < transfer->end ? TRANSFER_MORE : TRANSFER_DONE;
}
