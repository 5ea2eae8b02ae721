/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "worker/part.h"

static void range_done(struct executor *executor, struct part *part)
{
	int error = target_flush(part->temporary_fd);

	if (error)
		part_fail(executor, part, OPERATION_WRITE, error);
	else
		part_done(executor, part);
}

static void take_progress(struct executor *executor, struct part *part, int progress)
{
	enum wire_operation operation =
		part->transfer.fault == TRANSFER_FAULT_READ ? OPERATION_READ : OPERATION_WRITE;

	part_count_transfer(executor, part);
	if (progress == TRANSFER_MORE)
		slot_queue_push(&executor->runnable, &part->slot);
	else if (progress == TRANSFER_DONE)
		range_done(executor, part);
	else if (progress < 0)
		part_fail(executor, part, operation, progress);
}

/* Up to here a file is left to the kernel to write back when it likes, as other copiers do; of
 * longer ones no more than this is left behind. Starting earlier costs a third more time where
 * nobody waits for the write-back. */
#define WRITE_BEHIND_FROM_BYTES (512u << 20)

static bool writes_behind(const struct executor *executor, const struct part *part)
{
	if (part->work->target->filesystem->in_memory)
		return false;
	return executor->options.durable || part->work->large->offset >= WRITE_BEHIND_FROM_BYTES;
}

static void begin_transfer(struct executor *executor, struct part *part)
{
	const struct wire_large *wanted = part->work->large;

	part->transfer = (struct transfer){
		.ops = executor->copy,
		.ring = executor->ring,
		.tag = slot_tag(&part->slot, PART_CHUNK),
		.pool = &executor->pool,
		.source_filesystem = part->work->source->filesystem,
		.source_fd = part->source_fd,
		.target_fd = part->temporary_fd,
		.position = wanted->offset,
		.end = wanted->offset + wanted->length,
		.sparse = executor_keeps_holes(executor, &part->status),
		.make_holes = executor->options.sparse == SPARSE_ALWAYS,
		.write_behind = writes_behind(executor, part),
		.written_until = wanted->offset,
	};
	take_progress(executor, part, transfer_advance(&part->transfer));
}

void part_range_run(struct executor *executor, struct part *part)
{
	if (part->moving) {
		take_progress(executor, part, transfer_advance(&part->transfer));
		return;
	}
	part->moving = executor_take_transfer(executor, &part->slot);
	if (part->moving)
		begin_transfer(executor, part);
}

void part_range_chunk(struct executor *executor, struct part *part, unsigned chunk, int result)
{
	take_progress(executor, part, transfer_complete(&part->transfer, chunk, result));
}

void part_range(struct executor *executor, struct part *part)
{
	const struct wire_large *wanted = part->work->large;

	if (!wanted->length) {
		part_remove_temporary(part);
		part_done(executor, part);
		return;
	}
	if (wanted->offset > INT64_MAX || wanted->length > INT64_MAX - wanted->offset) {
		part_fail(executor, part, OPERATION_READ, -EINVAL);
		return;
	}
	if (part_open_source(executor, part) && part_open_temporary(executor, part))
		part_range_run(executor, part);
}
