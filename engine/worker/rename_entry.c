/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "worker/files_item.h"
#include "worker/overwrite.h"

/* A worker that died may have done it. */
static bool was_renamed(const struct overwrite *overwrite, const struct wire_entry *entry)
{
	struct stat status;

	return overwrite->work->item->flags & ITEM_RETRIED &&
	       !fstatat(overwrite->work->target->fd, overwrite->target_name, &status,
		       AT_SYMLINK_NOFOLLOW) &&
	       status.st_ino == entry->inode && status.st_dev == entry->device;
}

static int rename_to(const struct overwrite *overwrite, unsigned flags)
{
	const struct work *work = overwrite->work;

	return renameat2(work->source->fd, overwrite->source_name.data, work->target->fd,
		       overwrite->target_name, flags)
		       ? -errno
		       : 0;
}

static int rename_backed_up(struct executor *executor, struct overwrite *overwrite)
{
	char backup[BACKUP_NAME_BYTES];
	int error = overwrite_back_up(executor, overwrite, backup);

	if (error)
		return error;
	error = rename_to(overwrite, 0);
	if (error)
		overwrite_restore(overwrite, backup);
	return error;
}

/* Something has the name. False: nothing (more) is to be done. */
static bool rename_over(
	struct executor *executor, struct overwrite *overwrite, struct stat *source, int *ret_error)
{
	enum overwrite_verdict verdict;

	*ret_error = 0;
	if (fstatat(overwrite->work->source->fd, overwrite->source_name.data, source,
		    AT_SYMLINK_NOFOLLOW)) {
		*ret_error = -errno;
		return true;
	}
	verdict = overwrite_decide(executor, overwrite);
	if (overwrite_is_final(verdict)) {
		overwrite_report(executor, overwrite, verdict);
		return false;
	}
	*ret_error = verdict == OVERWRITE_BACK_UP ? rename_backed_up(executor, overwrite)
						  : rename_to(overwrite, 0);
	return true;
}

/* True: it counts as done. Filesystems that can't rename without replacing are looked at first. */
static bool is_done(struct executor *executor, struct overwrite *overwrite,
	const struct wire_entry *entry, struct stat *source, int *ret_error)
{
	int error = rename_to(overwrite, RENAME_NOREPLACE);

	*ret_error = error;
	if (error == -ENOENT && was_renamed(overwrite, entry))
		*ret_error = 0;
	else if (error == -EEXIST || error == -EINVAL)
		return rename_over(executor, overwrite, source, ret_error);
	return true;
}

bool rename_entry(struct executor *executor, struct work *work, const struct wire_entry *entry,
	struct wire_text name, struct wire_text target_name)
{
	struct stat source;
	struct overwrite overwrite = {
		.work = work,
		.source = &source,
		.index = entry->index,
		.flags = entry->flags,
		.source_name = name,
		.target_name = target_name.bytes ? target_name.data : name.data,
	};
	int error;

	if (executor->options.operation != JOB_MOVE ||
		entry->device != work->target->filesystem->device)
		return false;
	if (!is_done(executor, &overwrite, entry, &source, &error))
		return true;
	if (error == -EXDEV)
		return false;
	if (error)
		executor_fail(executor, work, entry->index, OPERATION_RENAME, error);
	else
		overwrite_report_renamed(executor, &overwrite);
	return true;
}
