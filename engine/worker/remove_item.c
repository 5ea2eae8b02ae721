/* SPDX-License-Identifier: MIT */
#include "worker/remove_item.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/listing.h"
#include "util/stamp.h"
#include "worker/moved.h"
#include "worker/namesake.h"

static const struct wire_text no_text = {"", 0};

static struct wire_text text_of(const char *name)
{
	return (struct wire_text){name, strlen(name)};
}

/* A moved file counted when it was copied. */
static void removed(struct executor *executor, struct work *work, struct wire_text name)
{
	if (work->item->flags & ITEM_MOVED)
		return;
	executor_count(executor, work, HAUL_FILES_DONE, 1);
	executor_tell_file(executor, work, HAUL_RECORD_FILE_DONE, name, 0);
}

static void fail_named(struct executor *executor, const struct work *work, struct wire_text name,
	enum wire_operation operation, int error)
{
	struct wire_failure failure = {
		.id = work->item->id,
		.error = error,
		.operation = operation,
	};

	report_failure(&executor->report, &failure, name);
}

/* A removal has no destination. */
static int open_directories(struct executor *executor, struct work *work)
{
	enum wire_operation operation;

	if (work->item->flags & ITEM_MOVED)
		return executor_open_directories(executor, work, &operation);
	return tree_open(&executor->tree, work->item->root, TREE_SOURCE, work->path.data,
		work->path.bytes, &work->source);
}

/* ---- a part of a directory ---- */

static bool is_directory(int directory_fd, const struct listing_name *entry)
{
	struct stat status;

	if (entry->type != DT_UNKNOWN)
		return entry->type == DT_DIR;
	return !fstatat(directory_fd, entry->name, &status, AT_SYMLINK_NOFOLLOW) &&
	       S_ISDIR(status.st_mode);
}

/* Others may have put a directory in a file's place, or have been quicker: the directory is looked
 * at again when it turns out not to be empty. */
static bool is_passed_over(int error)
{
	return error == ENOENT || error == EISDIR;
}

/* Does its time tell that somebody has written to it since the job began? For certain: the job read
 * that clock a step early, and a filesystem may count finer than it. */
static bool was_written(const struct executor *executor, const struct work *work, const char *name)
{
	int64_t began_ns = executor->options.started_ns + 2 * FILE_CLOCK_STEP_NS;
	struct stat status;

	return !fstatat(work->source->fd, name, &status, AT_SYMLINK_NOFOLLOW) &&
	       stamp_ns(&status.st_mtim) > began_ns;
}

/* As moved_check, and -ESTALE: it was changed, whatever else may be the matter with its copy. */
static int check(const struct executor *executor, const struct work *work, const char *name,
	const char *target_name)
{
	int error = moved_check(executor, work, name, target_name);

	return error == -EBUSY && was_written(executor, work, name) ? -ESTALE : error;
}

static void remove_name(struct executor *executor, struct work *work, const char *name)
{
	int error = check(executor, work, name, name);

	if (error)
		fail_named(executor, work, text_of(name), OPERATION_NOT_MOVED, -error);
	else if (!unlinkat(work->source->fd, name, 0))
		removed(executor, work, text_of(name));
	else if (!is_passed_over(errno))
		fail_named(executor, work, text_of(name), OPERATION_REMOVE, errno);
}

static int put_directory(struct executor *executor, const struct work *work,
	struct wire_buffer *buffer, const char *name)
{
	struct wire_entry entry = {.mode = S_IFDIR};
	struct stat status;

	/* Only who has to stay on one filesystem needs to know where this one is. */
	if (executor->options.one_file_system &&
		!fstatat(work->source->fd, name, &status, AT_SYMLINK_NOFOLLOW))
		entry.device = status.st_dev;
	return wire_add_entry(buffer, &entry, text_of(name), no_text);
}

/* Moves the directories to the front. */
static unsigned gather_directories(const struct work *work, struct listing *listing)
{
	unsigned count = 0;

	for (unsigned i = 0; i < listing->count; i++) {
		struct listing_name found = listing->entry[i];

		if (!is_directory(work->source->fd, &found))
			continue;
		listing->entry[i] = listing->entry[count];
		listing->entry[count++] = found;
	}
	return count;
}

/* Answered before anything is removed, so that others go on with the next part meanwhile: most of
 * what a removal costs comes after the directory's lock is released. Not so on xfs,
 * where `haul rm -r --workers=2` of one large directory takes longer than with one worker. */
static void tell_listed(struct executor *executor, const struct work *work,
	const struct listing *listing, unsigned directories)
{
	struct wire_listed listed = {
		.id = work->item->id,
		.next_position = listing->next_position,
		.entry_count = directories,
		.complete = listing->complete,
		.continues = 1,
		.alone = work->source->filesystem->type == XFS_SUPER_MAGIC,
	};
	struct wire_buffer *buffer = report_reserve(&executor->report,
		sizeof(listed) + 64 + directories * (sizeof(struct wire_entry) + NAME_MAX + 10));
	size_t start;
	int error = wire_begin(buffer, WIRE_LISTED, &listed, sizeof(listed), NULL, 0, &start);

	for (unsigned i = 0; i < directories && !error; i++)
		error = put_directory(executor, work, buffer, listing->entry[i].name);
	if (error)
		executor->report.error = error;
	else
		wire_end(buffer, start);
}

/* What is moved goes only where the destination could make it. */
static bool directory_may_go(struct executor *executor, const struct work *work)
{
	struct tree_directory *parent;
	const char *name;
	struct stat target;
	bool held;

	if (!(work->item->flags & ITEM_MOVED))
		return true;
	if (tree_open_parent(&executor->tree, work->item->root, TREE_TARGET, work->path.data,
		    work->path.bytes, &parent, &name))
		return false;
	held = !fstatat(parent->fd, name, &target, AT_SYMLINK_NOFOLLOW) && S_ISDIR(target.st_mode);
	if (held && work->item->flags & ITEM_DOUBTED)
		held = !namesake_has_place(parent, name);
	tree_give_back(&executor->tree, parent);
	return held;
}

static int remove_part(struct executor *executor, struct work *work, struct listing *listing)
{
	int error = open_directories(executor, work);
	unsigned directories;

	if (!error && work->source->unreadable)
		error = -EACCES;
	if (!error)
		error = listing_read(listing, work->source->fd, work->list->position);
	if (error)
		return error;
	/* What is in it was not copied: that was said then. */
	if (work->item->flags & ITEM_DOUBTED && work->path.bytes &&
		!directory_may_go(executor, work)) {
		listing->complete = true;
		listing->count = 0;
	}
	directories = gather_directories(work, listing);
	tell_listed(executor, work, listing, directories);
	if (!listing->complete)
		report_flush(&executor->report);
	for (unsigned i = directories; i < listing->count; i++)
		remove_name(executor, work, listing->entry[i].name);
	return 0;
}

void remove_listed(struct executor *executor, struct work *work)
{
	struct listing *listing = malloc(sizeof(*listing));
	int error = listing ? remove_part(executor, work, listing) : -ENOMEM;

	free(listing);
	if (error)
		executor_fail(executor, work, 0, OPERATION_LIST, error);
	executor_done(executor, work);
}

/* Operands may lie one in another or name the same thing, and workers are at all of them at once;
 * and a worker that died may have been here before. */
static bool is_gone_already(const struct executor *executor, const struct work *work, int error)
{
	if (error != ENOENT)
		return false;
	if (work->item->flags & ITEM_RETRIED)
		return true;
	return !(work->item->flags & ITEM_MOVED) &&
	       (executor->options.recursive || executor->options.force);
}

/* ---- entries ---- */

static void remove_entry(struct executor *executor, struct work *work,
	const struct wire_entry *entry, struct wire_text name, struct wire_text target)
{
	const char *target_name = target.bytes ? target.data : name.data;

	int error = check(executor, work, name.data, target_name);

	if (error)
		executor_fail(executor, work, entry->index, OPERATION_NOT_MOVED, error);
	else if (!unlinkat(work->source->fd, name.data, 0) ||
		 is_gone_already(executor, work, errno))
		removed(executor, work, name);
	else
		executor_fail(executor, work, entry->index, OPERATION_REMOVE, -errno);
}

void remove_entries(struct executor *executor, struct work *work)
{
	int error = open_directories(executor, work);
	bool all_gone = is_gone_already(executor, work, -error);
	const struct wire_entry *entry;
	struct wire_text name, target;

	while (!work_take_entry(work, &entry, &name, &target)) {
		if (all_gone)
			removed(executor, work, name);
		else if (error)
			executor_fail(executor, work, entry->index, OPERATION_REMOVE, error);
		else
			remove_entry(executor, work, entry, name, target);
	}
	executor_done(executor, work);
}

/* ---- the directory itself ---- */

static int remove_empty(struct executor *executor, struct work *work)
{
	struct tree_directory *parent;
	const char *name;
	int error = tree_open_parent(&executor->tree, work->item->root, TREE_SOURCE,
		work->path.data, work->path.bytes, &parent, &name);

	if (error)
		return error;
	if (unlinkat(parent->fd, name, AT_REMOVEDIR))
		error = -errno;
	tree_give_back(&executor->tree, parent);
	return error;
}

void remove_directory(struct executor *executor, struct work *work)
{
	bool may_go = directory_may_go(executor, work);
	int error = may_go ? remove_empty(executor, work) : -EBUSY;

	if (is_gone_already(executor, work, -error))
		error = 0;
	if (!may_go)
		executor_fail(executor, work, 0, OPERATION_NOT_MOVED, error);
	else if (error)
		executor_fail(executor, work, 0, OPERATION_REMOVE, error);
	else if (!(work->item->flags & ITEM_MOVED))
		executor_count(executor, work, HAUL_DIRECTORIES_DONE, 1);
	executor_done(executor, work);
}
