/* SPDX-License-Identifier: MIT */
#include "io/copy_ops.h"
#include "io/transfer.h"

/* As if everything had been read and written in no time. */
static int null_advance(struct transfer *transfer)
{
	uint64_t bytes = transfer->end - transfer->position;

	if (transfer->end == UINT64_MAX)
		return TRANSFER_DONE;
	transfer->read_bytes += bytes;
	transfer->accepted_bytes += bytes;
	transfer->position = transfer->end;
	return TRANSFER_DONE;
}

const struct copy_ops copy_null = {
	.name = "null",
	.advance = null_advance,
};
