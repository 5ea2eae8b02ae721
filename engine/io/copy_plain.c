/* SPDX-License-Identifier: MIT */
#include "io/copy_ops.h"
#include "io/source.h"
#include "io/transfer.h"

static void copy_chunk(struct transfer *transfer, struct transfer_chunk *chunk)
{
	ssize_t got = source_read(transfer->source_fd, chunk->buffer, chunk->bytes, chunk->offset);
	int error;

	if (got < 0) {
		transfer_fail(transfer, chunk, TRANSFER_FAULT_READ, (int)got);
		return;
	}
	chunk->filled = (uint32_t)got;
	if (chunk->filled < chunk->bytes)
		transfer_at_end(transfer, chunk);
	error = transfer_write_chunk(transfer, chunk);
	if (error)
		transfer_fail(transfer, chunk, TRANSFER_FAULT_WRITE, error);
}

static int plain_advance(struct transfer *transfer)
{
	uint64_t start = transfer->accepted_bytes;
	struct transfer_chunk *chunk = NULL;
	int error;

	do {
		error = transfer_next_chunk(transfer, &chunk);
		if (error)
			transfer_fail(transfer, NULL, TRANSFER_FAULT_READ, error);
		else if (chunk)
			copy_chunk(transfer, chunk);
	} while (chunk && transfer->accepted_bytes - start < transfer_share_bytes(transfer));
	return transfer_progress(transfer);
}

const struct copy_ops copy_plain = {
	.name = "plain",
	.advance = plain_advance,
};
