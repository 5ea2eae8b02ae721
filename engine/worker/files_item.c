/* SPDX-License-Identifier: MIT */
#include "worker/files_item.h"

#include <errno.h>
#include <fcntl.h>

#include "worker/file.h"
#include "worker/overwrite.h"

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

	while (!work_take_entry(work, &entry, &name, &target_name))
		executor_fail(executor, work, entry->index, operation, error);
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
	int flags = executor_stat_flags(executor, entry->flags);
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

static bool has_content(const struct executor *executor, mode_t mode)
{
	return S_ISREG(mode) ||
	       (!S_ISLNK(mode) && !S_ISSOCK(mode) && !executor->options.copy_special);
}

/* Whether what has the name lets it be made. */
static bool may_begin(struct executor *executor, struct work *work, const struct wire_entry *entry,
	struct wire_text name, struct wire_text target_name)
{
	struct stat source;
	struct overwrite overwrite = {
		.work = work,
		.index = entry->index,
		.flags = entry->flags,
		.source_name = name,
		.target_name = target_name.bytes ? target_name.data : name.data,
		.source = &source,
	};
	enum overwrite_verdict verdict;

	/* What a worker that died had copied was no existing file, nor what an earlier run had. */
	if (work->item->flags & ITEM_RETRIED || entry->flags & ENTRY_DURABLE)
		return true;
	if (fstatat(work->source->fd, name.data, &source,
		    executor_stat_flags(executor, entry->flags)))
		return true; /* then it fails, with better words */
	overwrite.content = has_content(executor, source.st_mode);
	verdict = overwrite_decide(executor, &overwrite);
	if (verdict != OVERWRITE_CREATE)
		work->target->habits.collides = true;
	if (!overwrite_is_final(verdict))
		return true;
	overwrite_report(executor, &overwrite, verdict);
	return false;
}

static void begin_entry(struct executor *executor, struct work *work,
	const struct wire_entry *entry, struct wire_text name, struct wire_text target_name)
{
	mode_t mode = 0;
	int error = find_type(executor, work, entry, name, &mode);

	work->users++;
	executor_clear_leftover(executor, work, target_name.bytes ? target_name.data : name.data);
	if (!error && executor->policy.looks_first &&
		!may_begin(executor, work, entry, name, target_name)) {
		files_entry_over(executor, work);
		return;
	}
	if (!error && rename_entry(executor, work, entry, name, target_name)) {
		files_entry_over(executor, work);
		return;
	}
	if (!error && executor->options.make == MAKE_COPY && has_content(executor, mode)) {
		file_begin(executor, work, entry, mode, name, target_name);
		return;
	}
	if (error)
		executor_fail(executor, work, entry->index, OPERATION_STAT_SOURCE, error);
	else if (executor->options.make != MAKE_COPY)
		alias_entry(executor, work, entry, name, target_name);
	else
		special_entry(executor, work, entry, name, target_name);
	files_entry_over(executor, work);
}

static void begin_next(struct executor *executor, struct work *work)
{
	const struct wire_entry *entry;
	struct wire_text name, target_name;

	if (work_take_entry(work, &entry, &name, &target_name)) {
		/* The coordinator is this same program: it can't be. */
		executor->report.error = -EPROTO;
		return;
	}
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
