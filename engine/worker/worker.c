/* SPDX-License-Identifier: MIT */
#include "worker/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "haul/exit.h"
#include "util/clock.h"
#include "worker/compare.h"
#include "worker/executor.h"
#include "worker/file.h"
#include "worker/files_item.h"
#include "worker/finish_item.h"
#include "worker/inbox.h"
#include "worker/link_item.h"
#include "worker/list_item.h"
#include "worker/overwrite.h"
#include "worker/part.h"
#include "worker/rehearse_item.h"
#include "worker/remove_item.h"

/* While there is work, the channel is looked at this often: it is how fast a STOP is noticed. */
#define CHANNEL_LOOK_NS (5 * 1000 * 1000)

/* Entries begun in one turn; where all is cached, that many are also done. */
#define TURN_ENTRIES 64

/* The tag of the ring's request that watches the channel: no slot has this number. */
#define CHANNEL_SLOT UINT16_MAX

_Static_assert(SLOT_COUNT < CHANNEL_SLOT, "slots leave a number for the channel");

/* ---- beginning items ---- */

static int begin_removal(struct executor *executor, struct work *work)
{
	switch (work->type) {
	case WIRE_LIST:
		if (executor->options.by_entry)
			return list_begin(executor, work);
		remove_listed(executor, work);
		return 0;
	case WIRE_FILES:
		remove_entries(executor, work);
		return 0;
	default:
		remove_directory(executor, work);
		return 0;
	}
}

/* 1: it was begun in part, and there is more of it; 0: it is on its way or over; -EAGAIN: no slot
 * is free. */
static int begin_work(struct executor *executor, struct work *work)
{
	if (executor->options.dry_run)
		return rehearse_begin(executor, work);
	if (work->item->flags & ITEM_REMOVE)
		return begin_removal(executor, work);
	if (work->item->flags & ITEM_COMPARE)
		return compare_begin(executor, work);
	switch (work->type) {
	case WIRE_LIST:
		return list_begin(executor, work);
	case WIRE_FILES:
		return files_begin(executor, work);
	case WIRE_LINK:
		link_item(executor, work);
		return 0;
	case WIRE_FINISH:
		finish_item(executor, work);
		return 0;
	default:
		return part_begin(executor, work);
	}
}

/* An item stays the queue's first while there is more of it. */
static void begin_works(struct executor *executor)
{
	int more = 0;

	for (unsigned i = 0;
		i < TURN_ENTRIES && executor->inbox.first && more >= 0 && !executor->pace.waited;
		i++) {
		struct work *work = work_queue_pop(&executor->inbox);

		more = begin_work(executor, work);
		if (more)
			work_queue_push_front(&executor->inbox, work);
	}
	executor->full = more < 0;
}

/* Each that is in the queue now gets one turn. */
static void run_slots(struct executor *executor)
{
	struct slot_queue queue = executor->runnable;
	struct slot *slot;

	executor->runnable = (struct slot_queue){NULL, NULL};
	while ((slot = slot_queue_pop(&queue)))
		slot->type->run(executor, slot);
}

/* ---- waiting ---- */

static void complete(void *context, struct ring_tag tag, int result)
{
	struct executor *executor = context;
	struct slot *slot;

	if (tag.slot == CHANNEL_SLOT) {
		executor->channel_watched = false;
		executor->checked_ns = 0;
		return;
	}
	slot = slot_of_tag(&executor->slots, tag);
	slot->type->complete(executor, slot, tag, result);
}

static int reap(struct executor *executor, bool wait)
{
	int count = ring_reap(executor->ring, wait, complete, executor);

	return count < 0 ? count : 0;
}

static void settle_accounts(struct executor *executor, bool idle)
{
	close_batch_flush(&executor->closing);
	report_flush(&executor->report);
	lane_ring(&executor->lane, clock_monotonic_ns(), idle);
}

static int sleep_on_ring(struct executor *executor)
{
	struct ring_tag tag = {.slot = CHANNEL_SLOT};
	int error = 0;

	settle_accounts(executor, !executor->slots.busy);
	if (!executor->channel_watched) {
		error = ring_poll(executor->ring, tag, executor->channel);
		executor->channel_watched = !error;
	}
	return error ? error : reap(executor, true);
}

/* Without a ring nothing is ever in flight. */
static int sleep_on_channel(struct executor *executor)
{
	settle_accounts(executor, true);
	return inbox_receive(executor, true);
}

static bool has_something_to_do(const struct executor *executor)
{
	return executor->runnable.first || (executor->inbox.first && !executor->full);
}

/* The ring tells about the channel only when it is reaped, so a busy worker looks itself. */
static int look_at_channel(struct executor *executor, uint64_t now_ns)
{
	bool can_wait = executor->inbox.first || executor->channel_watched;

	if (can_wait && now_ns - executor->checked_ns < CHANNEL_LOOK_NS)
		return 0;
	executor->checked_ns = now_ns;
	return inbox_receive(executor, false);
}

/* What completes meanwhile waits in the ring. */
static int stand_still(struct executor *executor)
{
	int error = 0;

	while (executor->paused && !error)
		error = sleep_on_channel(executor);
	return error;
}

static int take_turn(struct executor *executor)
{
	uint64_t now_ns = clock_monotonic_ns();
	int error;

	if (executor->pace.waited)
		executor->checked_ns = 0;
	executor->pace.waited = false;
	error = look_at_channel(executor, now_ns);
	if (!error && executor->paused)
		error = stand_still(executor);
	if (error)
		return error;
	run_slots(executor);
	begin_works(executor);
	report_tick(&executor->report, now_ns);
	lane_ring(&executor->lane, now_ns, false);
	if (executor->report.error)
		return executor->report.error;
	if (!has_something_to_do(executor))
		return executor->ring ? sleep_on_ring(executor) : sleep_on_channel(executor);
	return executor->slots.busy && executor->ring ? reap(executor, false) : 0;
}

/* ---- beginning and end ---- */

static void take_options(struct executor *executor, const struct job_options *options)
{
	executor->options = *options;
	executor->wish = (struct metadata_wish){
		.mode = options->preserve & PRESERVE_MODE,
		.default_mode = options->default_modes,
		.owner = options->preserve & PRESERVE_OWNER,
		.times = options->preserve & PRESERVE_TIMES,
		.xattr = options->preserve & PRESERVE_XATTR,
		.flags = options->preserve & PRESERVE_FLAGS,
		.privileged = geteuid() == 0,
		.umask = options->umask,
	};
	executor->policy = (struct executor_policy){
		.force = options->force,
		.replace_links = options->preserve & PRESERVE_LINKS && !options->attributes_only,
		.looks_first = overwrite_looks_first(options),
	};
	executor->manner.follow = options->dereference;
	executor->named_manner.follow = true;
	executor->tree.follow_source = options->dereference;
	executor->tree.follow_target = options->keep_directory_symlink;
}

static const struct copy_ops *choose_copy(const struct executor *executor)
{
	switch (executor->options.strategy) {
	case STRATEGY_NULL:
		return &copy_null;
	case STRATEGY_RANGE:
		return &copy_range;
	case STRATEGY_DIRECT:
		return executor->ring ? &copy_direct : &copy_plain;
	default:
		return executor->ring ? &copy_uring : &copy_plain;
	}
}

/* Returns why there is no ring, for people to be told; 0 also where none is wanted. */
static int open_ring(struct executor *executor)
{
	int error;

	if (executor->options.strategy == STRATEGY_PLAIN)
		return 0;
	error = ring_open(&executor->ring_storage);
	if (!error)
		executor->ring = &executor->ring_storage;
	return error;
}

/* What a worker holds besides directories and files: its channel, region, ring, some roots, and
 * sources that wait to be closed. */
#define DESCRIPTORS_RESERVED (32 + CLOSE_BATCH_MAX)

/* A file in flight has its source and its target open. */
#define DESCRIPTORS_PER_FILE 2

/* Where few descriptors are allowed, less is in flight. Returns how many files may be. */
static unsigned share_descriptors(struct executor *executor)
{
	struct rlimit limit;
	rlim_t spare, files;

	executor->tree.kept_max = TREE_KEPT_DIRECTORIES;
	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur == RLIM_INFINITY)
		return SLOT_FILES;
	spare = limit.rlim_cur > DESCRIPTORS_RESERVED ? limit.rlim_cur - DESCRIPTORS_RESERVED : 0;
	if (spare / 3 < TREE_KEPT_DIRECTORIES)
		executor->tree.kept_max = (unsigned)spare / 3;
	files = (spare - executor->tree.kept_max) / DESCRIPTORS_PER_FILE;
	if (files > SLOT_FILES)
		return SLOT_FILES;
	return files ? (unsigned)files : 1;
}

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* 128 MiB of addresses, which a limit may not grant: a removal needs no content. */
static int open_buffers(struct executor *executor)
{
	int error;

	if (executor->options.operation == JOB_REMOVE)
		return 0;
	error = buffer_pool_open(&executor->pool, EXECUTOR_BUFFERS, TRANSFER_CHUNK_BYTES);
	return error ? error
		     : buffer_pool_open(&executor->blocks, EXECUTOR_BLOCKS, TRANSFER_BLOCK_MAX);
}

static int open_memory(struct executor *executor)
{
	const size_t bytes[SLOT_KINDS] = {
		[SLOT_FILE] = larger(file_slot_bytes, compare_slot_bytes),
		[SLOT_LISTING] = list_slot_bytes,
		[SLOT_PART] = part_slot_bytes,
	};
	int error = slot_table_open(&executor->slots, bytes, share_descriptors(executor));

	if (!error)
		error = open_buffers(executor);
	if (!error)
		error = report_open(&executor->report, executor->channel);
	return error;
}

static int open_progress(struct executor *executor, unsigned lane)
{
	int error = region_map(WIRE_REGION_FD, &executor->region);

	if (error)
		return error;
	return lane_open(&executor->region, lane, HAUL_ROLE_WORKER, &executor->lane);
}

static int begin(struct executor *executor)
{
	struct wire_hello hello = {.version = WIRE_VERSION};
	struct wire_setup setup;
	size_t rest;
	int error = inbox_receive_setup(executor, &setup, &rest);

	if (error)
		return error;
	take_options(executor, &setup.options);
	error = open_progress(executor, setup.lane);
	if (!error)
		error = open_memory(executor);
	if (error)
		return error;
	hello.ring_error = open_ring(executor);
	executor->copy = choose_copy(executor);
	executor->manner_of_files = transfer_usual;
	executor->manner_of_files.source_direct = setup.options.strategy == STRATEGY_DIRECT;
	executor->manner_of_files.target_direct = setup.options.strategy == STRATEGY_DIRECT;
	pace_open(&executor->pace, &executor->region.header->pace_ns, executor->options.limit,
		executor->options.workers, TRANSFER_CHUNK_BYTES, TRANSFER_WINDOW);
	report_put(&executor->report, WIRE_HELLO, &hello, sizeof(hello));
	/* At once: what it dies of from here on is a work's fault. */
	report_flush(&executor->report);
	return inbox_take_rest(executor, rest);
}

static void end(struct executor *executor)
{
	struct work *work;

	if (executor->ring)
		ring_close(executor->ring);
	while ((work = work_queue_pop(&executor->inbox)))
		executor_end_work(executor, work);
	report_close(&executor->report);
	slot_table_close(&executor->slots);
	buffer_pool_close(&executor->pool);
	buffer_pool_close(&executor->blocks);
	tree_close(&executor->tree);
	if (executor->region.header)
		region_close(&executor->region);
	free(executor->incoming.data);
}

int worker_main(void)
{
	struct executor executor = {.channel = WIRE_CHANNEL_FD};
	int error = 0;

	/* Modes are given as they are meant. */
	umask(0);
	executor.incoming.capacity = WIRE_DATAGRAM_BYTES;
	executor.incoming.data = malloc(WIRE_DATAGRAM_BYTES);
	if (!executor.incoming.data)
		error = -ENOMEM;
	if (!error)
		error = begin(&executor);
	while (!error)
		error = take_turn(&executor);
	end(&executor);
	return error == -EPIPE ? HAUL_EXIT_OK : HAUL_EXIT_FAILED;
}
