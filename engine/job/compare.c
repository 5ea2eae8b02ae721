/* SPDX-License-Identifier: MIT */
/*
 * haul verify: two trees are listed side by side. A LIST goes through the source's directory and
 * compares both directories on its way, an EXTRA through the destination's, for what only that has;
 * entries are compared by FILES, large files by COMPAREs, a part each.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "job/comparison.h"
#include "job/coordinator.h"
#include "job/file_run.h"
#include "job/names.h"
#include "util/clock.h"
#include "util/path.h"
#include "util/quote.h"

/* What one worker compares of a large file at a time. */
#define PART_BYTES LARGE_RANGE_BYTES
#define PARTS_FROM (2 * PART_BYTES)

/* ---- what the command line names ---- */

static bool refuse(struct job *job, const char *what, const char *path, int error)
{
	char quoted[QUOTE_BYTES];

	diagnose(job, "%s %s: %s", what, quote_name(path, quoted, sizeof(quoted)), strerror(error));
	return false;
}

static int open_directory(const char *path)
{
	return open(*path ? path : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int begin_trees(struct job *job, const char *source, const char *target)
{
	int source_fd = open_directory(source), target_fd = open_directory(target);
	struct root *root;
	struct item *item;
	int error;

	if (source_fd < 0 || target_fd < 0) {
		error = -errno;
		if (source_fd >= 0)
			close(source_fd);
		if (target_fd >= 0)
			close(target_fd);
		return error;
	}
	error = root_add(&job->roots, source_fd, target_fd, source, target, false, &root);
	if (error)
		return error;
	root->phase = ROOT_COMPARING;
	item = item_new(WIRE_LIST, root->top);
	if (!item)
		return -ENOMEM;
	queue_push_front(&job->lists, item);
	return 0;
}

static int open_run(struct job *job, struct file_run *run, const char *source, const char *target)
{
	char *from = path_directory(source), *to = path_directory(target);
	int target_fd = from && to ? open_directory(to) : -1;
	int error = target_fd < 0 ? -errno : 0;

	if (!error)
		error = file_run_open(job, run, from, target_fd, to);
	if (!error)
		run->root->phase = ROOT_COMPARING;
	free(from);
	free(to);
	return error;
}

static int begin_files(struct job *job, struct file_run *run, const char *source,
	const char *target, const struct stat *status)
{
	struct wire_entry entry = {
		.inode = status->st_ino,
		.device = status->st_dev,
		.bytes = (uint64_t)status->st_size,
		.mode = status->st_mode,
		.links = (uint32_t)status->st_nlink,
		.flags = ENTRY_FOLLOW,
	};
	char *name = path_last(source), *target_name = path_last(target);
	int error = name && target_name ? open_run(job, run, source, target) : -ENOMEM;

	if (!error)
		error = compare_add_entry(job, run->root->top, &entry,
			(struct wire_text){name, strlen(name)},
			(struct wire_text){target_name, strlen(target_name)}, &run->batch);
	free(name);
	free(target_name);
	return error;
}

/* As diff: a file and a directory stand for the file and its namesake in the directory. */
static int begin_both(struct job *job, struct file_run *run, const char *source, const char *target,
	const struct stat status[2])
{
	bool is_directory[2] = {S_ISDIR(status[0].st_mode), S_ISDIR(status[1].st_mode)};
	char *name, *inside;
	int error;

	if (is_directory[0] && is_directory[1])
		return begin_trees(job, source, target);
	if (is_directory[0])
		return -ENOTDIR;
	if (!is_directory[1])
		return begin_files(job, run, source, target, &status[0]);
	name = path_last(source);
	inside = name ? path_join(target, name) : NULL;
	error = inside ? begin_files(job, run, source, inside, &status[0]) : -ENOMEM;
	free(name);
	free(inside);
	return error;
}

void compare_source(struct job *job, const char *path, struct file_run *run)
{
	const char *target = job->request->target;
	struct stat status[2];
	int error;

	if (job->request->checksums) {
		sum_list_begin(job);
		return;
	}
	if (stat(path, &status[0])) {
		refuse(job, "cannot stat", path, errno);
		return;
	}
	if (stat(target, &status[1])) {
		refuse(job, "cannot stat", target, errno);
		return;
	}
	error = begin_both(job, run, path, target, status);
	if (error)
		refuse(job, "cannot compare", error == -ENOTDIR ? target : path, -error);
}

/* ---- what a listing found ---- */

int compare_add_directory(struct job *job, struct directory *parent, const struct wire_entry *entry,
	struct wire_text name)
{
	struct directory *directory = directory_new(parent->root, parent, name.data, name.bytes);
	struct item *item = directory ? item_new(WIRE_LIST, directory) : NULL;

	if (!item) {
		directory_free(directory);
		return -ENOMEM;
	}
	if (job->options.one_file_system && entry->device != parent->root->source_device)
		item->flags |= ITEM_NO_ENTRIES;
	queue_push_front(&job->lists, item);
	return 0;
}

static int add_part(struct job *job, struct directory *directory, const struct wire_entry *entry,
	struct wire_text name, struct wire_text target, struct comparison *comparison,
	uint64_t offset)
{
	struct item *item = item_new(WIRE_COMPARE, directory);

	if (!item)
		return -ENOMEM;
	item->comparison = comparison;
	comparison->items++;
	item->offset = offset;
	item->length = entry->bytes - offset < PART_BYTES ? entry->bytes - offset : PART_BYTES;
	item->planned_bytes = item->length;
	if (item_add_entry(item, entry, name, target)) {
		item_free(item);
		return -ENOMEM;
	}
	queue_push_back(&job->work, item);
	return 0;
}

static int add_parts(struct job *job, struct directory *directory, const struct wire_entry *entry,
	struct wire_text name, struct wire_text target, const struct wire_sum *sum)
{
	struct comparison *comparison = comparison_new();
	struct wire_entry part = *entry;
	int error = comparison ? 0 : -ENOMEM;

	if (comparison)
		comparison->items++;
	for (uint64_t at = 0; at < entry->bytes && !error; at += PART_BYTES) {
		if (sum) {
			part.flags |= ENTRY_SUM;
			part.sum_high = sum->high;
			part.sum_low = sum->low;
			sum++;
		}
		error = add_part(job, directory, &part, name, target, comparison, at);
	}
	if (comparison)
		comparison_release(comparison);
	return error;
}

int compare_queue_entry(struct job *job, struct directory *directory,
	const struct wire_entry *entry, struct wire_text name, struct wire_text target,
	const struct wire_sum *sum, struct item **batch)
{
	bool content = S_ISREG(entry->mode) && !job->options.attributes_only;

	/* A checksum of the whole is taken in one go. */
	if (sum || (content && entry->bytes >= PARTS_FROM &&
			   !(entry->flags & (ENTRY_SUM | ENTRY_SUM_WANTED))))
		return add_parts(job, directory, entry, name, target, sum);
	return settle_copy_entry(job, directory, entry, name, target, batch);
}

int compare_add_entry(struct job *job, struct directory *directory, const struct wire_entry *entry,
	struct wire_text name, struct wire_text target, struct item **batch)
{
	lane_add(&job->lane, HAUL_FILES_PLANNED, 1);
	if (S_ISREG(entry->mode) && !job->options.attributes_only)
		lane_add(&job->lane, HAUL_BYTES_PLANNED, entry->bytes);
	return compare_queue_entry(job, directory, entry, name, target, NULL, batch);
}

int compare_listed(struct job *job, const struct item *listed)
{
	struct item *item;

	if (listed->type != WIRE_LIST || listed->position || listed->flags & ITEM_NO_ENTRIES)
		return 0;
	item = item_new(WIRE_EXTRA, listed->directory);
	if (!item)
		return -ENOMEM;
	queue_push_back(&job->work, item);
	return 0;
}

/* ---- what comparing found ---- */

int compare_receive(struct job *job, const struct worker *worker, struct wire_view *view)
{
	const struct wire_difference *difference = view->body;
	struct item *item = ledger_find(&job->ledger, difference->id, worker->index);
	struct wire_text name, detail[DIFFERENCE_SIDES];

	if (!item || difference->kind > DIFFERENCE_LINKED ||
		(item->entry_count && difference->index >= item->entry_count))
		return -EPROTO;
	if (wire_take_text(view, difference->name_bytes, &name) ||
		wire_take_text(view, difference->detail_bytes[0], &detail[0]) ||
		wire_take_text(view, difference->detail_bytes[1], &detail[1]))
		return -EPROTO;
	if (difference->kind == DIFFERENCE_ONLY_TARGET && !name.bytes)
		return -EPROTO;
	return item_add_difference(item, difference, name, detail);
}

/* Names that share an inode on one side must share one on the other. */
static int check_side(struct job *job, const struct item *item,
	const struct wire_difference *linked, unsigned side, struct wire_text name)
{
	const uint64_t(*value)[2] = linked->value;
	struct twin twin = {
		.inode = value[side][0],
		.device = value[side][1],
		.other_inode = value[!side][0],
		.other_device = value[!side][1],
	};
	char path[DIRECTORY_PATH_BYTES], whole[NAMES_PATH_BYTES];
	struct twin *known;
	int error;

	if (directory_path(item->directory, path, sizeof(path)) < 0)
		return 0;
	names_join(whole, sizeof(whole), "", path, name.data);
	error = twin_table_add(&job->twins[side], &twin, whole, &known);
	if (error || !known)
		return error;
	if (known->other_inode != twin.other_inode || known->other_device != twin.other_device)
		difference_tell_link(job, item, name, side, known->name);
	return 0;
}

static int check_links(struct job *job, const struct item *item,
	const struct wire_difference *linked, struct wire_text name)
{
	int error = check_side(job, item, linked, 0, name);

	return error ? error : check_side(job, item, linked, 1, name);
}

/* Patterns leave out what only the destination has, too. */
static bool is_wanted(struct job *job, const struct item *item, const struct wire_difference *what,
	struct wire_text name)
{
	struct wire_entry entry = {.mode = (uint32_t)what->value[1][0]};

	return what->kind != DIFFERENCE_ONLY_TARGET ||
	       reply_judge(job, item->directory, &entry, name) == SELECTION_IN;
}

/* Any part may find it, also when the first one found none: somebody may change the file. */
static bool is_told_already(const struct item *item, const struct wire_difference *what)
{
	const uint32_t whole =
		1U << DIFFERENCE_TYPE | 1U << DIFFERENCE_SIZE | 1U << DIFFERENCE_ONLY_SOURCE;
	uint32_t kind = 1U << what->kind;
	bool told;

	if (item->type != WIRE_COMPARE || !(kind & whole))
		return false;
	told = item->comparison->told & kind;
	item->comparison->told |= kind;
	return told;
}

static int tell(struct job *job, struct item *item, const struct item_difference *difference)
{
	const struct wire_difference *what = &difference->what;
	struct wire_text name, target;

	reply_entry_texts(item, what->index, &name, &target);
	if (difference->name)
		name = (struct wire_text){difference->name, strlen(difference->name)};
	if (what->kind == DIFFERENCE_LINKED)
		return check_links(job, item, what, name);
	/* Told when all parts are done: another may differ earlier. */
	if (item->type == WIRE_COMPARE && what->kind == DIFFERENCE_CONTENT) {
		item->comparison->differs = true;
		if (what->value[0][0] < item->comparison->differs_at)
			item->comparison->differs_at = what->value[0][0];
		return 0;
	}
	if (item->type == WIRE_COMPARE)
		item->comparison->differs = true;
	if (is_wanted(job, item, what, name) && !is_told_already(item, what))
		difference_tell(job, item, name, target, difference);
	return 0;
}

static bool has_failed(const struct item *item, uint32_t index)
{
	for (uint32_t i = 0; i < item->failure_count; i++)
		if (item->failure[i].what.index == index)
			return true;
	return false;
}

/* Entries are compared at once, so that what differs of one comes between what does of others. */
static bool differs_before(const struct item *item, uint32_t before, uint32_t index)
{
	for (uint32_t i = 0; i < before; i++)
		if (item->difference[i].what.index == index &&
			item->difference[i].what.kind < DIFFERENCES)
			return true;
	return false;
}

/* An entry counts once, however much of it differs. */
static void count_entries(struct job *job, const struct item *item)
{
	for (uint32_t i = 0; i < item->difference_count; i++) {
		const struct wire_difference *what = &item->difference[i].what;

		if (what->kind < DIFFERENCES && !differs_before(item, i, what->index) &&
			!has_failed(item, what->index))
			lane_add(&job->lane, HAUL_FILES_FAILED, 1);
	}
}

static void comparison_done(struct job *job, struct item *item)
{
	struct comparison *comparison = item->comparison;
	struct item_difference difference = {
		.what =
			{
				.kind = DIFFERENCE_CONTENT,
				.value = {{comparison->differs_at, 0}, {0, 0}},
			},
	};
	struct wire_text name, target;

	reply_entry_texts(item, 0, &name, &target);
	if (comparison->differs_at != UINT64_MAX)
		difference_tell(job, item, name, target, &difference);
	if (comparison->differs && !comparison->failed)
		lane_add(&job->lane, HAUL_FILES_FAILED, 1);
	else if (!comparison->failed && job->options.operation == JOB_VERIFY) {
		lane_add(&job->lane, HAUL_FILES_DONE, 1);
		difference_tell_same(job, item, name);
	}
}

void compare_item_done(struct job *job, struct item *item)
{
	int error = 0;

	for (uint32_t i = 0; i < item->difference_count && !error; i++)
		error = tell(job, item, &item->difference[i]);
	if (error)
		job_out_of_memory(job);
	if (item->type == WIRE_FILES)
		count_entries(job, item);
	if (item->type != WIRE_COMPARE)
		return;
	/* What a stopping worker answers may be dropped work. */
	if (item->comparison->items == 1 && !job->stopping)
		comparison_done(job, item);
}
