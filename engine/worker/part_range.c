/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "worker/explain.h"
#include "worker/part.h"

static void range_done(struct executor *executor, struct part *part)
{
	struct transfer *transfer = &part->transfer;
	int error = 0;

	if (transfer->manner.write_behind)
		error = write_window_end(&transfer->window, part->temporary_fd, transfer->position,
			part->work->large->manner.flags & MANNER_SETTLE);
	if (!error)
		error = target_flush(part->temporary_fd);
	if (transfer->sum && !error) {
		transfer_complete_sum(transfer);
		executor_tell_sum(executor, part->work, 0,
			transfer->end - part->work->large->offset, checksum_get(transfer->sum));
	}
	cache_drop_new(&part->cached, part->source_fd);
	explain_transfer(executor, part->work, 0, CLASS_LARGE, transfer);
	if (error)
		part_fail(executor, part, OPERATION_WRITE, error);
	else
		part_done(executor, part);
}

/* Ranges follow one another: two at once would be two streams to the device, each slower than one.
 * The next begins when all of this one is on its way. */
static bool take_turn(struct executor *executor, struct part *part)
{
	if (executor->range_turn && executor->range_turn != &part->slot) {
		slot_queue_push(&executor->for_range, &part->slot);
		return false;
	}
	executor->range_turn = &part->slot;
	return true;
}

void part_give_turn(struct executor *executor, struct part *part)
{
	struct slot *waiting;

	if (executor->range_turn != &part->slot)
		return;
	executor->range_turn = NULL;
	waiting = slot_queue_pop(&executor->for_range);
	if (waiting)
		slot_queue_push(&executor->runnable, waiting);
}

static void take_progress(struct executor *executor, struct part *part, int progress)
{
	enum wire_operation operation =
		part->transfer.fault == TRANSFER_FAULT_READ ? OPERATION_READ : OPERATION_WRITE;

	part_count_transfer(executor, part);
	if (part->transfer.position >= part->transfer.end)
		part_give_turn(executor, part);
	if (progress == TRANSFER_MORE)
		slot_queue_push(&executor->runnable, &part->slot);
	else if (progress == TRANSFER_DONE)
		range_done(executor, part);
	else if (progress < 0)
		part_fail(executor, part, operation, progress);
}

static const struct copy_ops *way_of(
	const struct executor *executor, const struct wire_manner *wanted)
{
	switch (wanted->way) {
	case STRATEGY_RANGE:
		return &copy_range;
	case STRATEGY_NULL:
		return &copy_null;
	case STRATEGY_DIRECT:
		return executor->ring ? &copy_direct : &copy_plain;
	case STRATEGY_URING:
		return executor->ring ? &copy_uring : &copy_plain;
	default:
		return &copy_plain;
	}
}

static uint32_t within(uint32_t number, uint32_t least, uint32_t most)
{
	if (number < least)
		return least;
	return number > most ? most : number;
}

static struct transfer_manner manner_of(const struct wire_manner *wanted)
{
	return (struct transfer_manner){
		.block_bytes = within(wanted->block_bytes, TRANSFER_BLOCK_MIN, TRANSFER_BLOCK_MAX) /
			       TRANSFER_BLOCK_MIN * TRANSFER_BLOCK_MIN,
		.depth = (uint8_t)within(wanted->depth, 1, TRANSFER_WINDOW),
		.source_direct = wanted->flags & MANNER_SOURCE_DIRECT,
		.target_direct = wanted->flags & MANNER_TARGET_DIRECT,
		.write_behind = wanted->flags & MANNER_WRITE_BEHIND,
	};
}

/* What is read, and was not cached before, is to go from the cache again. Without a view of what
 * was cached nothing is dropped; a hole is not read, and looking at the pages of one would be most
 * of what a terabyte of them costs. */
static void look_at_cache(struct part *part)
{
	const struct wire_large *wanted = part->work->large;
	uint64_t until;

	if (!(wanted->manner.flags & MANNER_DROP_SOURCE) ||
		transfer_find_data(&part->transfer, &until) ||
		part->transfer.position >= part->transfer.end)
		return;
	(void)cache_look(part->source_fd, wanted->offset, wanted->length, &part->cached);
}

static void begin_transfer(struct executor *executor, struct part *part)
{
	const struct wire_large *wanted = part->work->large;
	const struct copy_ops *copy = executor_sound_way(way_of(executor, &wanted->manner),
		part->work->source->filesystem, part->work->target->filesystem);

	part->transfer = (struct transfer){
		.ops = copy,
		.sum = executor_sums(executor, copy) ? checksum_new() : NULL,
		.summed_until = wanted->offset,
		.ring = executor->ring,
		.tag = slot_tag(&part->slot, PART_CHUNK),
		.pool = &executor->blocks,
		.pace = &executor->pace,
		.source_filesystem = part->work->source->filesystem,
		.source_fd = part->source_fd,
		.target_fd = part->temporary_fd,
		.manner = manner_of(&wanted->manner),
		.position = wanted->offset,
		.end = wanted->offset + wanted->length,
		.sparse = executor_keeps_holes(executor, &part->status),
		.make_holes = executor->options.sparse == SPARSE_ALWAYS,
	};
	write_window_begin(&part->transfer.window, wanted->offset);
	look_at_cache(part);
	take_progress(executor, part, transfer_advance(&part->transfer));
}

void part_range_run(struct executor *executor, struct part *part)
{
	if (!part->moving && !take_turn(executor, part))
		return;
	if (part->moving) {
		take_progress(executor, part, transfer_advance(&part->transfer));
		return;
	}
	part->moving = true;
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
