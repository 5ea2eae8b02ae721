/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "job/coordinator.h"

/* What one worker copies of a large file at a time: some tens of milliseconds on a fast device, so
 * that several workers share a file fairly and a retry costs little. */
#define RANGE_BYTES (64ull << 20)

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
	snprintf(large->temporary, sizeof(large->temporary), ".haul.%08x%x",
		(unsigned)job->region.header->start_realtime_ns, (unsigned)job->temporary_count++);
	queue_push_back(&job->work, item);
	directory->pending++;
	large->next = job->larges;
	job->larges = large;
	return 0;
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

/* The ranges go before what has not begun, the first one first. */
static int push_ranges(struct job *job, struct large *large)
{
	uint64_t count = (large->bytes + RANGE_BYTES - 1) / RANGE_BYTES;

	for (uint64_t i = count; i-- > 0;) {
		struct item *item = large_item(large, WIRE_RANGE);

		if (!item)
			return -ENOMEM;
		item->offset = i * RANGE_BYTES;
		item->length = large->bytes - item->offset;
		if (item->length > RANGE_BYTES)
			item->length = RANGE_BYTES;
		queue_push_front(&job->work, item);
	}
	return count ? 0 : push_last(job, large, WIRE_COMMIT);
}

void large_prepared(struct job *job, struct item *item, const struct wire_prepared *prepared)
{
	struct large *large = item->large;

	large->outstanding--;
	if (prepared->bytes != item->planned_bytes)
		lane_add(&job->lane, HAUL_BYTES_PLANNED, prepared->bytes - item->planned_bytes);
	large->bytes = prepared->bytes;
	large->changed_sec = prepared->changed_sec;
	large->changed_nsec = prepared->changed_nsec;
	large->prepared = !prepared->finished;
	if (prepared->finished)
		large_end(job, large);
	else if (push_ranges(job, large))
		job_out_of_memory(job);
}

/* A RANGE without length asks for the temporary file to be removed. */
static bool is_discard(const struct item *item)
{
	return item->type == WIRE_RANGE && !item->length;
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
	if (is_discard(item) || item->type == WIRE_COMMIT)
		large->prepared = false;
	if (large->outstanding)
		return;
	if (!large->prepared)
		large_end(job, large);
	else
		error = push_last(job, large, large->failed ? WIRE_RANGE : WIRE_COMMIT);
	if (error)
		job_out_of_memory(job);
}

static int open_target_directory(const struct directory *directory)
{
	char path[DIRECTORY_PATH_BYTES];
	struct open_how how = {
		.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};

	if (directory_path(directory, path, sizeof(path)) < 0)
		return -1;
	return (int)syscall(
		SYS_openat2, directory->root->target_fd, *path ? path : ".", &how, sizeof(how));
}

/* Best effort: the file has a name that says whose it is, and never a final one. A worker may have
 * made it without having told so. */
static void large_discard(struct large *large)
{
	int fd = open_target_directory(large->directory);

	if (fd >= 0) {
		(void)unlinkat(fd, large->temporary, 0);
		close(fd);
	}
	large->directory->pending--;
	directory_release(large->directory);
	free(large->entry);
	free(large);
}

void large_discard_all(struct job *job)
{
	while (job->larges) {
		struct large *large = job->larges;

		job->larges = large->next;
		large_discard(large);
	}
}
