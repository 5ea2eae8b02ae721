/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "haul/exit.h"
#include "job/coordinator.h"

/*
 * How much a worker may have at once. Enough that it never waits for the coordinator and that a
 * cold cache sees many files in flight, little enough that the last worker to finish is not far
 * behind the others.
 *
 * The files of one directory go to several workers, although the kernel lets only one at a time
 * create in it: 20,000 files of 10 KB in one directory, ext4@ram:xfs@ram, two CPUs, took two
 * workers 0.61 s warm and 0.93 s cold, one worker 0.93 s and 1.24 s (bench/run --work copy-flat).
 */
#define WORKER_ENTRIES_MIN 64
#define WORKER_ENTRIES_MAX 256
#define WORKER_ITEMS_MAX   64
#define WORKER_LISTS_MAX   32
#define WORKER_RANGES_MAX  2

/* What an item costs apart from its entries, in entries. */
#define ITEM_ENTRIES 8

/* How far into the queue a worker looks for something that it may do: past the ranges of a few
 * huge files. */
#define LOOK_AHEAD_ITEMS 1024

/*
 * Directories that follow each other in their parent's order often lie in one allocation group, for
 * which the workers would wait in turn: 100 directories of 500 files took two workers 1.8 s without
 * this distance, rm 0.9 s (bench/run --work delete-wide --pairs tmpfs:xfs@ram --scale 0.5).
 */
#define REMOVAL_DISTANCE 64
#define REMOVERS_APART   4

/* Listing runs ahead of copying, so that totals are known early, until this much is queued. It is
 * what keeps the coordinator small whatever the tree: see bench/README.md, memory. */
#define QUEUE_BYTES_MAX (6u << 20)

/* An item whose workers crash is given up after this many; being killed from outside says little
 * about the item. */
#define CRASHES_MAX 3
#define KILLS_MAX   1000

#define STARTS_FAILED_MAX 8

static uint64_t entries_max(const struct job *job)
{
	uint64_t share = job->work.entries / (2 * job->crew.count);

	if (share < WORKER_ENTRIES_MIN)
		return WORKER_ENTRIES_MIN;
	return share > WORKER_ENTRIES_MAX ? WORKER_ENTRIES_MAX : share;
}

/* One worker at a time, unless several were measured to be faster: buffered writes to one file wait
 * for each other, and 1.5 GB took two workers several times the system time of one. */
static bool is_held(const struct worker *worker, const struct large *large)
{
	return large->holder && large->holder != worker && !large_is_shared(large);
}

static bool work_fits(const struct job *job, const struct worker *worker, const struct item *item)
{
	if (item_is_large(item) && is_held(worker, item->large))
		return false;
	if (item_is_part(item))
		return worker->ranges < WORKER_RANGES_MAX;
	return worker->items.entries < entries_max(job);
}

/* Mostly the first: only the ranges of a file that another worker has stand in the way. */
static struct item *find_work(struct job *job, const struct worker *worker)
{
	struct item *item = job->work.first;

	for (unsigned i = 0; item && i < LOOK_AHEAD_ITEMS; i++, item = item->next) {
		if (work_fits(job, worker, item))
			return item;
		/* This worker has enough. */
		if (!item_is_part(item))
			return NULL;
	}
	return NULL;
}

static bool is_removal(const struct item *item)
{
	return item->type == WIRE_LIST && item->directory->root->phase == ROOT_REMOVING;
}

/* Has another worker a part of the same directory to remove? They would wait for each other. */
static bool is_removed_elsewhere(const struct worker *worker, const struct directory *directory)
{
	return directory->removers && directory->remover != worker;
}

static unsigned distance(const struct worker *worker, const struct item *first)
{
	return is_removal(first) ? worker->index % REMOVERS_APART * REMOVAL_DISTANCE : 0;
}

/* The first, or of what is to be removed, one at a distance from what others remove. Rather a
 * directory of its own than a share in another worker's. */
static struct item *find_list(struct job *job, const struct worker *worker)
{
	struct item *item = job->lists.first, *own = NULL, *shared = NULL;
	unsigned from = item ? distance(worker, item) : 0;

	for (unsigned i = 0; item && (i <= from || !own) && i < LOOK_AHEAD_ITEMS;
		i++, item = item->next) {
		if (!is_removed_elsewhere(worker, item->directory))
			own = item;
		else if (!shared && !item->directory->removed_alone)
			shared = item;
	}
	return own ? own : shared;
}

static struct item *choose(struct job *job, const struct worker *worker)
{
	struct item *item;

	if (worker->items.count >= WORKER_ITEMS_MAX)
		return NULL;
	if (worker->lists < WORKER_LISTS_MAX && job->work.memory_bytes < QUEUE_BYTES_MAX) {
		item = find_list(job, worker);
		if (item) {
			queue_remove(&job->lists, item);
			return item;
		}
	}
	item = find_work(job, worker);
	if (item)
		queue_remove(&job->work, item);
	return item;
}

static uint32_t root_flags(const struct root *root)
{
	if (root->phase == ROOT_COMPARING || root->phase == ROOT_VERIFYING)
		return ITEM_COMPARE;
	if (root->phase != ROOT_REMOVING)
		return 0;
	if (!root->moved && !root->remembered)
		return ITEM_REMOVE;
	return ITEM_REMOVE | ITEM_MOVED | (root->copy_failures ? ITEM_DOUBTED : 0);
}

static struct wire_item item_head(const struct item *item, uint64_t id, size_t path_bytes)
{
	return (struct wire_item){
		.id = id,
		.root = item->directory->root->id,
		.flags = item->flags | root_flags(item->directory->root),
		.path_bytes = (uint32_t)path_bytes,
		.entry_count = item->entry_count,
	};
}

static int put_entries(struct wire_buffer *out, const struct item *item, const void *body,
	size_t body_bytes, struct wire_text path)
{
	size_t before = out->used, start;
	int error = wire_begin(out, item->type, body, body_bytes, &path, 1, &start);

	if (!error)
		error = wire_add_packed(out, item->packed, item->packed_bytes);
	if (error)
		out->used = before;
	else
		wire_end(out, start);
	return error;
}

static int put_compare(struct wire_buffer *out, const struct item *item, struct wire_item head,
	struct wire_text path)
{
	struct wire_compare body = {.item = head, .offset = item->offset, .length = item->length};

	return put_entries(out, item, &body, sizeof(body), path);
}

static int put_link(struct wire_buffer *out, const struct item *item, struct wire_item head,
	struct wire_text path)
{
	const struct link *link = item->existing;
	struct wire_text text[] = {
		path,
		{link->path, strlen(link->path)},
		{(const char *)item->packed, item->packed_bytes - 1},
	};
	struct wire_link body = {
		.item = head,
		.existing_root = link->root->id,
		.existing_path_bytes = (uint32_t)text[1].bytes,
		.name_bytes = (uint32_t)text[2].bytes,
		.entry_flags = item->entry_flags,
	};

	return wire_put(out, WIRE_LINK, &body, sizeof(body), text, 3);
}

static int put_large(struct wire_buffer *out, const struct item *item, struct wire_item head,
	struct wire_text path)
{
	const struct large *large = item->large;
	const struct wire_entry *entry = large->entry;
	struct wire_text text[] = {
		path,
		{entry->text, entry->name_bytes},
		{entry->text + entry->name_bytes + 1, entry->target_bytes},
		{large->temporary, strlen(large->temporary)},
	};
	struct wire_large body = {
		.item = head,
		.bytes = large->bytes,
		.offset = item->offset,
		.length = item->length,
		.manner = item->manner,
		.temporary_inode = large->temporary_inode,
		.changed_sec = large->changed_sec,
		.changed_nsec = large->changed_nsec,
		.name_bytes = entry->name_bytes,
		.target_bytes = entry->target_bytes,
		.temporary_bytes = (uint16_t)text[3].bytes,
		.entry_flags = entry->flags,
	};

	return wire_put(out, item->type, &body, sizeof(body), text, 4);
}

static int put_list(struct wire_buffer *out, const struct item *item, struct wire_item head,
	struct wire_text path)
{
	struct wire_list body = {.item = head, .position = item->position};

	return wire_put(out, item->type, &body, sizeof(body), &path, 1);
}

static int put_finish(struct wire_buffer *out, const struct item *item, struct wire_item head,
	struct wire_text path)
{
	struct wire_finish body = {.item = head, .directory = item->directory->metadata};

	return wire_put(out, WIRE_FINISH, &body, sizeof(body), &path, 1);
}

static int put_item(struct wire_buffer *out, const struct item *item, uint64_t id)
{
	char text[DIRECTORY_PATH_BYTES];
	int bytes = directory_path(item->directory, text, sizeof(text));
	struct wire_text path = {text, (size_t)bytes};
	struct wire_item head;

	if (bytes < 0)
		return bytes;
	head = item_head(item, id, path.bytes);
	switch (item->type) {
	case WIRE_LIST:
	case WIRE_EXTRA:
		return put_list(out, item, head, path);
	case WIRE_FILES:
		return put_entries(out, item, &head, sizeof(head), path);
	case WIRE_COMPARE:
		return put_compare(out, item, head, path);
	case WIRE_LINK:
		return put_link(out, item, head, path);
	case WIRE_FINISH:
		return put_finish(out, item, head, path);
	default:
		return put_large(out, item, head, path);
	}
}

/* Descriptors travel with the datagram, so a root has one of its own. */
static int send_root(struct worker *worker, struct root *root)
{
	struct wire_root body = {
		.root = root->id,
		.flags = root->absent ? ROOT_NO_TARGET : 0,
		.label_bytes = (uint32_t)strlen(root->source_label),
	};
	struct wire_text label = {root->source_label, body.label_bytes};
	int error;

	if (root->sent[worker->index])
		return 0;
	error = worker_flush(worker);
	if (error || worker->blocked)
		return error ? error : -EAGAIN;
	error = wire_put(&worker->out, WIRE_ROOT, &body, sizeof(body), &label, 1);
	if (error)
		return error;
	worker->out.fd[0] = root->source_fd;
	worker->out.fd[1] = root->target_fd;
	root->sent[worker->index] = true;
	error = worker_flush(worker);
	return worker->blocked ? -EAGAIN : error;
}

static int put_with_roots(struct worker *worker, const struct item *item, uint64_t id)
{
	int error = send_root(worker, item->directory->root);

	if (!error && item->type == WIRE_LINK)
		error = send_root(worker, item->existing->root);
	if (!error)
		error = put_item(&worker->out, item, id);
	if (error != -ENOSPC)
		return error;
	error = worker_flush(worker);
	if (error || worker->blocked)
		return error ? error : -EAGAIN;
	return put_item(&worker->out, item, id);
}

static void take_on(struct worker *worker, struct item *item)
{
	if (is_removal(item)) {
		item->directory->remover = worker;
		item->directory->removers++;
	}
	queue_push_back(&worker->items, item);
	worker->lists += item->type == WIRE_LIST;
	worker->ranges += item_is_part(item);
	if (item_is_large(item))
		item->large->holder = worker;
}

static void put_back(struct job *job, struct item *item)
{
	queue_push_front(item->type == WIRE_LIST ? &job->lists : &job->work, item);
}

/* Its path does not fit into a message. */
static void refuse_depth(struct job *job, struct item *item)
{
	bool removal = item->directory->root->phase == ROOT_REMOVING;

	reply_abandon(job, item, removal ? OPERATION_REMOVE : OPERATION_LIST, ENAMETOOLONG);
}

/* 0: go on; otherwise nothing more can be given to this worker now. */
static int give(struct job *job, struct worker *worker, struct item *item)
{
	uint64_t id;
	int error = ledger_enter(&job->ledger, item, worker->index, &id);

	if (error) {
		put_back(job, item);
		job_out_of_memory(job);
		return error;
	}
	if (item_is_large(item))
		large_choose(item);
	error = put_with_roots(worker, item, id);
	if (!error) {
		take_on(worker, item);
		return 0;
	}
	if (item_is_large(item))
		large_unchoose(item);
	ledger_leave(&job->ledger, item);
	if (error == -ENAMETOOLONG || error == -ENOSPC)
		refuse_depth(job, item);
	else
		put_back(job, item);
	return error == -ENAMETOOLONG || error == -ENOSPC ? 0 : error;
}

static uint64_t load(const struct worker *worker)
{
	return worker->items.entries + worker->items.count * ITEM_ENTRIES;
}

/* Of those that may want more. NULL: none does. */
static struct worker *least_loaded(const struct job *job)
{
	struct worker *least = NULL;

	for (unsigned i = 0; i < job->crew.count; i++) {
		struct worker *worker = &job->crew.worker[i];

		if (worker->wants_more && (!least || load(worker) < load(least)))
			least = worker;
	}
	return least;
}

static bool give_next(struct job *job, struct worker *worker)
{
	struct item *item = worker->blocked ? NULL : choose(job, worker);

	return item && !give(job, worker, item);
}

/* Where little is queued at a time, as when a tree of small directories is removed, one worker
 * could take all of it each time. */
void dispatch(struct job *job)
{
	struct worker *worker;

	if (job->stopping || job->paused)
		return;
	for (unsigned i = 0; i < job->crew.count; i++) {
		worker = &job->crew.worker[i];
		worker->wants_more = worker_running(worker);
	}
	while ((worker = least_loaded(job)))
		worker->wants_more = give_next(job, worker);
	for (unsigned i = 0; i < job->crew.count; i++) {
		worker = &job->crew.worker[i];
		/* A worker that is gone is noticed by its process descriptor. */
		if (worker_running(worker) && !worker->blocked)
			(void)worker_flush(worker);
	}
}

void dispatch_answered(struct job *job, struct worker *worker, struct item *item)
{
	if (is_removal(item))
		item->directory->removers--;
	queue_remove(&worker->items, item);
	worker->lists -= item->type == WIRE_LIST;
	worker->ranges -= item_is_part(item);
	ledger_leave(&job->ledger, item);
}

static void reset_lane(struct job *job, const struct worker *worker)
{
	const struct wire_done *sum = &worker->finished;
	struct lane lane;

	if (lane_open(&job->region, worker->lane, HAUL_ROLE_WORKER, &lane))
		return;
	lane_reset_counter(&lane, HAUL_FILES_DONE, sum->files);
	lane_reset_counter(&lane, HAUL_FILES_SKIPPED, sum->files_skipped);
	lane_reset_counter(&lane, HAUL_BYTES_READ, sum->bytes_read);
	lane_reset_counter(&lane, HAUL_BYTES_ACCEPTED, sum->bytes_accepted);
	lane_reset_counter(&lane, HAUL_BYTES_DURABLE, sum->bytes_durable);
	lane_reset_counter(&lane, HAUL_BYTES_CHECKED, sum->bytes_checked);
	lane_reset_counter(&lane, HAUL_DIRECTORIES_DONE, sum->directories);
}

/* Why a worker is gone. */
enum loss {
	LOSS_UNBEGUN = 0, /* it could not even begin */
	LOSS_CRASHED,
	LOSS_KILLED,
};

static void reissue(struct job *job, struct item *item, enum loss loss)
{
	item->flags |= ITEM_RETRIED;
	if (item_is_large(item)) {
		item->large->holder = NULL;
		large_unchoose(item);
	}
	item_forget_answers(item);
	item->kills += loss == LOSS_KILLED;
	item->crashes += loss == LOSS_CRASHED;
	if (item->crashes >= CRASHES_MAX || item->kills >= KILLS_MAX)
		reply_abandon(job, item, OPERATION_WORKER_DIED, EIO);
	else
		put_back(job, item);
}

/* Workers that never get as far as a greeting must not be replaced for ever. */
static void count_failed_start(struct job *job, const char *reason)
{
	if (++job->starts_failed < STARTS_FAILED_MAX || job->fatal)
		return;
	for (unsigned i = 0; i < job->crew.count; i++)
		if (job->crew.worker[i].greeted)
			return;
	diagnose(job, "cannot start a worker process: %s", reason);
	job->fatal = true;
}

void dispatch_start(struct job *job, struct worker *worker)
{
	int error = worker_start(worker, &job->region, &job->options);

	if (error)
		count_failed_start(job, strerror(-error));
}

void dispatch_lost(struct job *job, struct worker *worker)
{
	enum loss loss = LOSS_CRASHED;
	bool killed;

	worker_reap(worker, &killed);
	if (killed)
		loss = LOSS_KILLED;
	else if (!worker->greeted)
		loss = LOSS_UNBEGUN;
	if (loss == LOSS_UNBEGUN)
		count_failed_start(job, "it ended at once");
	worker->greeted = false;
	reset_lane(job, worker);
	root_table_forget(&job->roots, worker->index);
	/* Last given, first put back: the queue has them in their old order again. */
	while (worker->items.last) {
		struct item *item = worker->items.last;

		dispatch_answered(job, worker, item);
		reissue(job, item, loss);
	}
}

void dispatch_forget(struct job *job)
{
	for (unsigned i = 0; i < job->crew.count; i++) {
		job->crew.worker[i].finished = (struct wire_done){0};
		reset_lane(job, &job->crew.worker[i]);
	}
}

bool dispatch_idle(const struct job *job)
{
	if (job->lists.first || job->work.first)
		return false;
	for (unsigned i = 0; i < job->crew.count; i++)
		if (job->crew.worker[i].items.first)
			return false;
	return true;
}
