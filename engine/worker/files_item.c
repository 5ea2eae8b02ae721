/* SPDX-License-Identifier: MIT */
#include "worker/files_item.h"

#include <errno.h>
#include <fcntl.h>

#include "worker/file.h"

void files_entry_over(struct executor *executor, struct work *work)
{
	work->users--;
	if (!work->users)
		executor_done(executor, work);
}

/* Without its directories every entry of the item fails, each under its own name. */
static void fail_all(
	struct executor *executor, struct work *work, enum wire_operation operation, int error)
{
	const struct wire_entry *entry;
	struct wire_text name, target_name;

	for (; work->entries_left; work->entries_left--) {
		if (wire_take_entry(&work->rest, &entry, &name, &target_name))
			break;
		executor_fail(executor, work, entry->index, operation, error);
	}
	work->entries_left = 0;
}

static void begin_item(struct executor *executor, struct work *work)
{
	enum wire_operation operation;
	int error = executor_open_directories(executor, work, &operation);

	work->begun = true;
	work->users++;
	if (error)
		fail_all(executor, work, operation, error);
}

/* The lister could not tell what it is: then it fails here, where it has a name. */
static int find_type(struct executor *executor, struct work *work, const struct wire_entry *entry,
	struct wire_text name, mode_t *ret_mode)
{
	int flags = executor->options.dereference ? 0 : AT_SYMLINK_NOFOLLOW;
	struct stat status;

	if (entry->mode & S_IFMT) {
		*ret_mode = entry->mode;
		return 0;
	}
	if (fstatat(work->source->fd, name.data, &status, flags))
		return -errno;
	*ret_mode = status.st_mode;
	return 0;
}

static void begin_entry(struct executor *executor, struct work *work,
	const struct wire_entry *entry, struct wire_text name, struct wire_text target_name)
{
	mode_t mode = 0;
	int error = find_type(executor, work, entry, name, &mode);

	work->users++;
	if (!error && S_ISREG(mode)) {
		file_begin(executor, work, entry, name, target_name);
		return;
	}
	if (error)
		executor_fail(executor, work, entry->index, OPERATION_STAT_SOURCE, error);
	else
		special_entry(executor, work, entry, name, target_name);
	files_entry_over(executor, work);
}

static void begin_next(struct executor *executor, struct work *work)
{
	const struct wire_entry *entry;
	struct wire_text name, target_name;

	if (wire_take_entry(&work->rest, &entry, &name, &target_name)) {
		/* The coordinator is this same program: it can't be. */
		executor->report.error = -EPROTO;
		work->entries_left = 0;
		return;
	}
	work->entries_left--;
	begin_entry(executor, work, entry, name, target_name);
}

int files_begin(struct executor *executor, struct work *work)
{
	if (!work->begun)
		begin_item(executor, work);
	if (work->entries_left) {
		if (!executor->slots.free[SLOT_FILE])
			return -EAGAIN;
		begin_next(executor, work);
	}
	if (work->entries_left)
		return 1;
	files_entry_over(executor, work);
	return 0;
}
