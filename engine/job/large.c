/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "job/coordinator.h"
#include "job/pair.h"
#include "job/past.h"

/* What one worker copies of a large file at a time: some tens of milliseconds on a fast device, so
 * that several workers share a file fairly and a retry costs little. */
#define RANGE_BYTES LARGE_RANGE_BYTES

/* Of one file, at a time: 16 GiB. */
#define RANGES_QUEUED 256

static struct wire_entry *keep_entry(
	const struct wire_entry *entry, struct wire_text name, struct wire_text target)
{
	struct wire_entry *kept = calloc(1, sizeof(*kept) + name.bytes + target.bytes + 2);

	if (!kept)
		return NULL;
	*kept = *entry;
	kept->name_bytes = (uint16_t)name.bytes;
	kept->target_bytes = (uint16_t)target.bytes;
	memcpy(kept->text, name.data, name.bytes);
	memcpy(kept->text + name.bytes + 1, target.data, target.bytes);
	return kept;
}

struct wire_text large_name(const struct large *large)
{
	return (struct wire_text){large->entry->text, large->entry->name_bytes};
}

struct wire_text large_target(const struct large *large)
{
	return (struct wire_text){
		large->entry->text + large->entry->name_bytes + 1, large->entry->target_bytes};
}

static struct item *large_item(struct large *large, enum wire_type type)
{
	struct item *item = item_new(type, large->directory);

	if (!item)
		return NULL;
	item->large = large;
	large->outstanding++;
	return item;
}

static void name_temporary(struct job *job, struct large *large, uint64_t run)
{
	struct wire_text name = large_target(large).bytes ? large_target(large) : large_name(large);
	struct fingerprint directory = {0, 0};

	/* One whose path is too long for a fingerprint is too long for an item, too. */
	(void)fingerprint_directory(large->directory, job->salt, &directory);
	large->run = run;
	snprintf(large->temporary, sizeof(large->temporary), ".haul.%016llx",
		(unsigned long long)fingerprint_name(directory, name, run));
}

/* What earlier runs have begun, under the names that they gave. */
static void remove_leftovers(struct job *job, struct large *large, const struct past *past)
{
	int fd = directory_open_target(large->directory, job->options.keep_directory_symlink);

	if (fd < 0)
		return;
	for (unsigned i = 0; i < past->run_count; i++) {
		if (large->past && large->past->run == past->run[i])
			continue;
		name_temporary(job, large, past->run[i]);
		(void)unlinkat(fd, large->temporary, 0);
	}
	close(fd);
}

/* Finds what is known of the file from an earlier run. */
static void recall(struct job *job, struct large *large, struct item *prepare)
{
	const struct past *past = job->request->past;
	struct wire_text name = large_target(large).bytes ? large_target(large) : large_name(large);

	large->known = chronicle_fingerprint(
		job, large->directory, large->entry, name, &large->fingerprint);
	if (past && large->known)
		large->past = past_find_large(past, large->fingerprint);
	if (past)
		remove_leftovers(job, large, past);
	name_temporary(job, large, large->past ? large->past->run : job->run);
	if (!large->past)
		return;
	large->recorded = true;
	large->remembered = true;
	prepare->flags |= ITEM_CONTINUE;
	large->changed_sec = large->entry->changed_ns / 1000000000;
	large->changed_nsec = (uint32_t)(large->entry->changed_ns % 1000000000);
}

int large_begin(struct job *job, struct directory *directory, const struct wire_entry *entry,
	struct wire_text name, struct wire_text target, struct link *link)
{
	struct large *large = calloc(1, sizeof(*large));
	struct item *item;

	if (!large)
		return -ENOMEM;
	large->directory = directory;
	large->link = link;
	large->bytes = entry->bytes;
	large->entry = keep_entry(entry, name, target);
	item = large->entry ? large_item(large, WIRE_PREPARE) : NULL;
	if (!item) {
		free(large->entry);
		free(large);
		return -ENOMEM;
	}
	item->planned_bytes = entry->bytes;
	recall(job, large, item);
	queue_push_back(&job->work, item);
	directory->pending++;
	large->next = job->larges;
	job->larges = large;
	return 0;
}

struct item *large_again(struct large *large)
{
	struct item *item = large_item(large, WIRE_PREPARE);

	if (!item)
		return NULL;
	item->planned_bytes = large->bytes;
	item->flags = large->past ? ITEM_CONTINUE : 0;
	return item;
}

static void large_end(struct job *job, struct large *large)
{
	struct wire_text target = large_target(large);
	struct large **at = &job->larges;

	while (*at != large)
		at = &(*at)->next;
	*at = large->next;
	if (large->link)
		settle_link(job, large->link, large->directory,
			target.bytes ? target : large_name(large), large->failed);
	/* The item that ended it still holds the directory. */
	large->directory->pending--;
	free(large->sum);
	free(large->entry);
	free(large);
}

static int push_last(struct job *job, struct large *large, enum wire_type type)
{
	struct item *item = large_item(large, type);

	if (!item)
		return -ENOMEM;
	/* Before files that have not begun: what is begun should be finished. */
	queue_push_front(&job->work, item);
	return 0;
}

static uint64_t range_length(const struct large *large, uint64_t index)
{
	uint64_t left = large->bytes - index * RANGE_BYTES;

	return left < RANGE_BYTES ? left : RANGE_BYTES;
}

static void spare_range(struct job *job, uint64_t bytes)
{
	lane_add(&job->lane, HAUL_BYTES_READ, bytes);
	lane_add(&job->lane, HAUL_BYTES_ACCEPTED, bytes);
	lane_add(&job->lane, HAUL_BYTES_DURABLE, bytes);
}

static uint64_t range_count(const struct large *large)
{
	return large->bytes / RANGE_BYTES + (large->bytes % RANGE_BYTES != 0);
}

/* Some more of the ranges go before what has not begun, the first one first. A sparse file may have
 * more of them than there is memory for. */
static int push_some_ranges(struct job *job, struct large *large)
{
	uint64_t first = large->next_range, left = range_count(large) - first;

	large->next_range += left < RANGES_QUEUED ? left : RANGES_QUEUED;
	for (uint64_t i = large->next_range; i-- > first;) {
		struct item *item;

		if (large->past && past_has_part(large->past, i)) {
			spare_range(job, range_length(large, i));
			continue;
		}
		item = large_item(large, WIRE_RANGE);
		if (!item)
			return -ENOMEM;
		item->offset = i * RANGE_BYTES;
		item->length = range_length(large, i);
		queue_push_front(&job->work, item);
	}
	return 0;
}

/* Before the last one is done, so that nobody waits for work. */
static int push_ranges(struct job *job, struct large *large)
{
	int error = 0;

	while (!error && large->outstanding <= 1 && large->next_range < range_count(large))
		error = push_some_ranges(job, large);
	return error;
}

/* There is nothing of an earlier run after all. */
static void begin_anew(struct job *job, struct large *large)
{
	large->past = NULL;
	large->recorded = false;
	large->remembered = false;
	name_temporary(job, large, job->run);
	if (push_last(job, large, WIRE_PREPARE))
		job_out_of_memory(job);
	else
		job->work.first->planned_bytes = large->bytes;
}

void large_prepared(struct job *job, struct item *item, const struct wire_prepared *prepared)
{
	struct large *large = item->large;

	large->outstanding--;
	if (prepared->stale) {
		begin_anew(job, large);
		return;
	}
	if (prepared->bytes != item->planned_bytes)
		lane_add(&job->lane, HAUL_BYTES_PLANNED,
			(prepared->bytes - item->planned_bytes) * audit_passes(job, true));
	large->bytes = prepared->bytes;
	large->temporary_inode = prepared->temporary_inode;
	large->changed_sec = prepared->changed_sec;
	large->changed_nsec = prepared->changed_nsec;
	large->prepared = !prepared->finished;
	large->next_range = 0;
	if (prepared->finished) {
		large_end(job, large);
		return;
	}
	large->pair = pair_find(job, prepared);
	if (!large->pair || push_ranges(job, large) ||
		(!large->outstanding && push_last(job, large, WIRE_COMMIT)))
		job_out_of_memory(job);
}

/* A RANGE without length asks for the temporary file to be removed. */
static bool is_discard(const struct item *item)
{
	return item->type == WIRE_RANGE && !item->length;
}

static bool is_range(const struct item *item)
{
	return item->type == WIRE_RANGE && item->length;
}

bool large_is_shared(const struct large *large)
{
	return large->pair && large->pair->tuner.current.workers > 1;
}

void large_choose(struct item *item)
{
	if (is_range(item))
		pair_choose(item->large->pair, item);
}

void large_unchoose(struct item *item)
{
	if (is_range(item))
		pair_forget(item->large->pair, item);
}

void large_item_done(struct job *job, struct item *item)
{
	struct large *large = item->large;
	int error = 0;

	large->outstanding--;
	/* What a stopping worker answers may be dropped work: large_discard_all looks after it. */
	if (job->stopping)
		return;
	large->failed = large->failed || item_failed(item);
	if (is_range(item) && item_failed(item))
		pair_forget(large->pair, item);
	else if (is_range(item))
		pair_measure(job, large->pair, item);
	if (is_discard(item) || item->type == WIRE_COMMIT)
		large->prepared = false;
	if (large->prepared && !large->failed)
		error = push_ranges(job, large);
	if (error)
		job_out_of_memory(job);
	if (error || large->outstanding)
		return;
	if (!large->prepared)
		large_end(job, large);
	else if (push_last(job, large, large->failed ? WIRE_RANGE : WIRE_COMMIT))
		job_out_of_memory(job);
}

/* Best effort: the file has a name that says whose it is, and never a final one. A worker may have
 * made it without having told so. */
static void large_discard(const struct job *job, struct large *large)
{
	/* What a worker is stuck in might hold up us, too. */
	bool stays = large->remembered || job->stuck_workers;
	int fd = stays ? -1
		       : directory_open_target(
				 large->directory, job->options.keep_directory_symlink);

	if (fd >= 0) {
		(void)unlinkat(fd, large->temporary, 0);
		close(fd);
	}
	large->directory->pending--;
	directory_release(large->directory);
	free(large->sum);
	free(large->entry);
	free(large);
}

void large_discard_all(struct job *job)
{
	while (job->larges) {
		struct large *large = job->larges;

		job->larges = large->next;
		large_discard(job, large);
	}
}
