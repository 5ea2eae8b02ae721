/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "job/coordinator.h"

/* A batch is what one worker takes at a time: small enough that the last one to finish isn't far
 * behind, large enough that messages cost little beside the files. */
#define BATCH_ENTRIES_MAX 64
#define BATCH_BYTES_MAX   (4u << 20)

static void tell_root_ended(struct job *job, struct root *root)
{
	struct wire_root_end body = {.root = root->id};

	for (unsigned i = 0; i < job->crew.count; i++) {
		struct worker *worker = &job->crew.worker[i];

		if (!worker_running(worker) || !root->sent[i])
			continue;
		/* A worker that can't be told now keeps two descriptors until the job ends. */
		if (wire_put(&worker->out, WIRE_ROOT_END, &body, sizeof(body), NULL, 0) ==
				-ENOSPC &&
			!worker_flush(worker) && !worker->blocked)
			(void)wire_put(&worker->out, WIRE_ROOT_END, &body, sizeof(body), NULL, 0);
	}
}

static void settle_root(struct job *job, struct root *root)
{
	struct directory *outer;

	if (audit_goes_on(job, root) || move_goes_on(job, root))
		return;
	outer = root->ended ? NULL : root->outer;
	root_end(&job->roots, root);
	if (!root->references) {
		tell_root_ended(job, root);
		root_remove(&job->roots, root);
	}
	if (!outer)
		return;
	outer->pending--;
	settle_directory(job, outer);
}

/* The metadata goes on when nothing more will change in it. */
static bool finish_directory(struct job *job, struct directory *directory)
{
	struct item *item;

	if (directory->virtual || directory->broken || !directory->listed || directory->finished ||
		directory->kept)
		return false;
	if (!directory->parent && directory->root->phase == ROOT_REMOVING) {
		move_end(job, directory->root);
		return false;
	}
	item = item_new(WIRE_FINISH, directory);
	if (!item) {
		job_out_of_memory(job);
		return false;
	}
	directory->finished = true;
	if (directory->root->phase != ROOT_REMOVING)
		queue_push_front(&job->work, item);
	else if (remove_finish(job, item))
		job_out_of_memory(job);
	return true;
}

void settle_directory(struct job *job, struct directory *directory)
{
	while (!directory->pending && !finish_directory(job, directory)) {
		struct directory *parent = directory->parent;

		if (!parent) {
			settle_root(job, directory->root);
			return;
		}
		parent->kept = parent->kept || directory->kept;
		question_leave(job, directory);
		if (directory->telling != parent->telling)
			telling_release(&job->tellings, directory->telling);
		directory_free(directory);
		parent->pending--;
		directory = parent;
	}
}

static int batch_new(struct job *job, struct directory *directory, struct item **batch)
{
	*batch = item_new(WIRE_FILES, directory);
	if (!*batch)
		return -ENOMEM;
	if (directory->virtual)
		(*batch)->telling = telling_hold(job->tellings.current);
	queue_push_back(&job->work, *batch);
	return 0;
}

int settle_copy_entry(struct job *job, struct directory *directory, const struct wire_entry *entry,
	struct wire_text name, struct wire_text target, struct item **batch)
{
	struct item *item = *batch;
	uint64_t bytes = S_ISREG(entry->mode) ? entry->bytes : 0;
	int error = 0;

	if (!item || item->entry_count >= BATCH_ENTRIES_MAX ||
		item->planned_bytes + bytes > BATCH_BYTES_MAX)
		error = batch_new(job, directory, batch);
	if (error)
		return error;
	item = *batch;
	/* The queue's sums must follow what is added to an item that is in it. */
	queue_remove(&job->work, item);
	error = item_add_entry(item, entry, name, target);
	if (!error)
		item->planned_bytes += bytes;
	queue_push_back(&job->work, item);
	return error;
}

static int link_one(struct job *job, struct link *link, const struct link_waiter *waiter)
{
	struct item *item = item_new(WIRE_LINK, waiter->directory);
	struct wire_text name, target;

	if (!item)
		return -ENOMEM;
	link_waiter_texts(waiter, &name, &target);
	if (target.bytes)
		name = target;
	item->packed = malloc(name.bytes + 1);
	if (!item->packed) {
		item_free(item);
		return -ENOMEM;
	}
	memcpy(item->packed, name.data, name.bytes + 1);
	item->packed_bytes = item->packed_capacity = name.bytes + 1;
	item->existing = link;
	link->users++;
	queue_push_back(&job->work, item);
	return 0;
}

/* The copy failed: the next name is copied in its stead. */
static int copy_next(struct job *job, struct link *link)
{
	struct link_waiter *waiter = link_take_waiter(link);
	struct wire_text name, target;
	struct item *batch = NULL;
	int error;

	if (!waiter)
		return 0;
	link_waiter_texts(waiter, &name, &target);
	error = settle_copy_entry(job, waiter->directory, waiter->entry, name, target, &batch);
	if (!error) {
		lane_add(&job->lane, HAUL_BYTES_PLANNED,
			batch->planned_bytes * audit_passes(job, false));
		link->failed = false;
		link->index = 0;
		link->next_in_item = NULL;
		batch->links = link;
	}
	link_waiter_free(waiter);
	return error;
}

static int link_all(struct job *job, struct link *link)
{
	struct link_waiter *waiter;
	int error = 0;

	while (!error && (waiter = link_take_waiter(link))) {
		error = link_one(job, link, waiter);
		link_waiter_free(waiter);
	}
	return error;
}

int settle_link_waiting(struct job *job, struct link *link)
{
	return link->done ? link_all(job, link) : 0;
}

void settle_link(struct job *job, struct link *link, struct directory *directory,
	struct wire_text name, bool failed)
{
	int error;

	if (failed) {
		link->failed = true;
		error = copy_next(job, link);
	} else {
		error = link_complete(link, directory, name.data, name.bytes);
		if (!error)
			error = link_all(job, link);
	}
	if (error)
		job_out_of_memory(job);
	settle_link_release(job, link);
}

void settle_link_release(struct job *job, struct link *link)
{
	struct root *root = link->root;

	link_release(&job->links, link);
	if (root && root->ended && !root->references)
		settle_root(job, root);
}
