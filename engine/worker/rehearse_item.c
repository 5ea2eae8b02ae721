/* SPDX-License-Identifier: MIT */
#include "worker/rehearse_item.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "util/empty.h"
#include "worker/list_item.h"
#include "worker/overwrite.h"

#define TO_CHANGE (W_OK | X_OK) /* names in a directory */

/* 0 or -errno. */
static int check_access(int directory_fd, const char *name, int mode)
{
	return faccessat(directory_fd, name, mode, AT_EACCESS) ? -errno : 0;
}

/* ---- copies and moves ---- */

/* What is not there yet would have been made by then. */
static int open_directories(struct executor *executor, struct work *work)
{
	uint32_t root = work->item->root;
	int error = tree_open(&executor->tree, root, TREE_SOURCE, work->path.data, work->path.bytes,
		&work->source);

	if (error)
		return error;
	error = tree_open(&executor->tree, root, TREE_TARGET, work->path.data, work->path.bytes,
		&work->target);
	return error == -ENOENT ? 0 : error;
}

static int check_name(const struct executor *executor, int parent_fd, const char *name,
	struct wire_directory *directory)
{
	int flags = executor->options.keep_directory_symlink ? 0 : AT_SYMLINK_NOFOLLOW;
	struct stat status;

	if (fstatat(parent_fd, name, &status, flags))
		return errno == ENOENT ? check_access(parent_fd, ".", TO_CHANGE) : -errno;
	directory->created = 0;
	return S_ISDIR(status.st_mode) ? 0 : -ENOTDIR;
}

enum wire_operation rehearse_directory(struct executor *executor, const struct work *work,
	struct wire_directory *directory, int *ret_error)
{
	struct tree_directory *parent;
	const char *name;
	int error = tree_open_parent(&executor->tree, work->item->root, TREE_TARGET,
		work->path.data, work->path.bytes, &parent, &name);

	*ret_error = error == -ENOENT ? 0 : error;
	directory->created = 1;
	if (error)
		return *ret_error ? OPERATION_MAKE_DIRECTORY : OPERATION_NONE;
	*ret_error = check_name(executor, parent->fd, name, directory);
	tree_give_back(&executor->tree, parent);
	if (!*ret_error)
		return OPERATION_NONE;
	return *ret_error == -ENOTDIR ? OPERATION_NOT_DIRECTORY : OPERATION_MAKE_DIRECTORY;
}

static bool is_read(const struct executor *executor, const struct stat *source)
{
	return S_ISREG(source->st_mode) && executor->options.make == MAKE_COPY &&
	       !executor->options.attributes_only;
}

/* Would the source be taken, and leave where a move takes it away? */
static bool source_fits(struct executor *executor, const struct overwrite *overwrite)
{
	const struct work *work = overwrite->work;
	int error = 0;

	if (is_read(executor, overwrite->source))
		error = check_access(work->source->fd, overwrite->source_name.data, R_OK);
	if (error) {
		executor_fail(executor, work, overwrite->index, OPERATION_OPEN_SOURCE, error);
		return false;
	}
	if (executor->options.operation == JOB_MOVE)
		error = check_access(work->source->fd, ".", TO_CHANGE);
	if (error)
		executor_fail(executor, work, overwrite->index, OPERATION_REMOVE, error);
	return !error;
}

static bool target_fits(struct executor *executor, const struct overwrite *overwrite,
	enum overwrite_verdict verdict)
{
	const struct work *work = overwrite->work;
	bool in_place = verdict == OVERWRITE_WRITE && !executor->options.force;
	int error = check_access(work->target->fd, in_place ? overwrite->target_name : ".",
		in_place ? W_OK : TO_CHANGE);

	if (error)
		executor_fail(executor, work, overwrite->index,
			in_place ? OPERATION_OPEN_TARGET : OPERATION_CREATE, error);
	return !error;
}

static void count_entry(struct executor *executor, struct work *work, struct wire_text name)
{
	executor_count(executor, work, HAUL_FILES_DONE, 1);
	executor_tell_file(executor, work, HAUL_RECORD_FILE_DONE, name, 0);
}

static bool is_renamed(const struct executor *executor, const struct work *work, dev_t source)
{
	return executor->options.operation == JOB_MOVE && work->target &&
	       source == work->target->filesystem->device;
}

static void rehearse_copy(struct executor *executor, struct overwrite *overwrite)
{
	struct work *work = overwrite->work;
	enum overwrite_verdict verdict = OVERWRITE_CREATE;

	if (!source_fits(executor, overwrite))
		return;
	if (work->target) {
		verdict = overwrite_decide(executor, overwrite);
		if (overwrite_is_final(verdict)) {
			overwrite_report(executor, overwrite, verdict);
			return;
		}
		if (!target_fits(executor, overwrite, verdict))
			return;
	}
	if (is_renamed(executor, work, overwrite->source->st_dev)) {
		overwrite_report_renamed(executor, overwrite);
		return;
	}
	if (verdict == OVERWRITE_REPLACE)
		overwrite_report_removed(executor, overwrite);
	count_entry(executor, work, overwrite->source_name);
}

static void rehearse_entry(struct executor *executor, struct work *work,
	const struct wire_entry *entry, struct wire_text name, struct wire_text target_name)
{
	struct stat source;
	struct overwrite overwrite = {
		.work = work,
		.index = entry->index,
		.flags = entry->flags | ENTRY_APPROVED,
		.source_name = name,
		.target_name = target_name.bytes ? target_name.data : name.data,
		.source = &source,
	};

	if (fstatat(work->source->fd, name.data, &source,
		    executor_stat_flags(executor, entry->flags))) {
		executor_fail(executor, work, entry->index, OPERATION_STAT_SOURCE, -errno);
		return;
	}
	overwrite.content = S_ISREG(source.st_mode);
	rehearse_copy(executor, &overwrite);
}

/* ---- removals ---- */

static void rehearse_removal(struct executor *executor, struct work *work,
	const struct wire_entry *entry, struct wire_text name)
{
	int error = check_access(work->source->fd, ".", TO_CHANGE);

	if (error)
		executor_fail(executor, work, entry->index, OPERATION_REMOVE, error);
	else
		count_entry(executor, work, name);
}

/* What is in it was looked at already, unless only empty directories are to go. */
static int check_directory(
	struct executor *executor, const struct tree_directory *parent, const char *name)
{
	int error = check_access(parent->fd, ".", TO_CHANGE), empty;

	if (error || executor->options.recursive)
		return error;
	empty = empty_directory(parent->fd, name);
	if (!empty)
		return -ENOTEMPTY;
	return empty < 0 ? empty : 0;
}

static void rehearse_directory_removal(struct executor *executor, struct work *work)
{
	struct tree_directory *parent;
	const char *name;
	int error = tree_open_parent(&executor->tree, work->item->root, TREE_SOURCE,
		work->path.data, work->path.bytes, &parent, &name);

	if (!error) {
		error = check_directory(executor, parent, name);
		tree_give_back(&executor->tree, parent);
	}
	if (error)
		executor_fail(executor, work, 0, OPERATION_REMOVE, error);
	else
		executor_count(executor, work, HAUL_DIRECTORIES_DONE, 1);
}

/* ---- items ---- */

static int open_for(struct executor *executor, struct work *work, bool removal)
{
	if (!removal)
		return open_directories(executor, work);
	return tree_open(&executor->tree, work->item->root, TREE_SOURCE, work->path.data,
		work->path.bytes, &work->source);
}

static void rehearse_files(struct executor *executor, struct work *work)
{
	bool removal = work->item->flags & ITEM_REMOVE;
	int error = open_for(executor, work, removal);
	const struct wire_entry *entry;
	struct wire_text name, target;

	while (!work_take_entry(work, &entry, &name, &target)) {
		if (error)
			executor_fail(executor, work, entry->index, OPERATION_STAT_SOURCE, error);
		else if (removal)
			rehearse_removal(executor, work, entry, name);
		else
			rehearse_entry(executor, work, entry, name, target);
	}
}

int rehearse_begin(struct executor *executor, struct work *work)
{
	bool removal = work->item->flags & ITEM_REMOVE;

	switch (work->type) {
	case WIRE_LIST:
		return list_begin(executor, work);
	case WIRE_FILES:
		rehearse_files(executor, work);
		break;
	case WIRE_FINISH:
		if (removal)
			rehearse_directory_removal(executor, work);
		else
			executor_count(executor, work, HAUL_DIRECTORIES_DONE, 1);
		break;
	default: /* LINK: its first name told all that can be known */
		executor_count(executor, work, HAUL_FILES_DONE, 1);
		break;
	}
	executor_done(executor, work);
	return 0;
}
