/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/special.h"
#include "worker/files_item.h"
#include "worker/overwrite.h"

/* What is being copied, and under which name it is made. */
struct special {
	struct work *work;
	const struct wire_entry *entry;
	const char *name;
	const char *target_name;
	struct stat status;
	char *link; /* what a symlink points to, else NULL */
};

static enum wire_operation make_operation(mode_t mode)
{
	if (S_ISLNK(mode))
		return OPERATION_MAKE_SYMLINK;
	return S_ISFIFO(mode) ? OPERATION_MAKE_FIFO : OPERATION_MAKE_SPECIAL;
}

static int read_source(
	struct executor *executor, struct special *special, enum wire_operation *ret_operation)
{
	int flags = executor_stat_flags(executor, special->entry->flags);
	int directory_fd = special->work->source->fd;

	*ret_operation = OPERATION_STAT_SOURCE;
	if (fstatat(directory_fd, special->name, &special->status, flags))
		return -errno;
	*ret_operation = OPERATION_SOURCE_REPLACED;
	if ((special->entry->mode & S_IFMT) &&
		(special->status.st_mode & S_IFMT) != (special->entry->mode & S_IFMT))
		return -ESTALE;
	if (!S_ISLNK(special->status.st_mode))
		return 0;
	*ret_operation = OPERATION_READ_LINK;
	return special_read_link(
		directory_fd, special->name, (size_t)special->status.st_size, &special->link);
}

/* A symlink has attributes only that the system set, which only root may set again. */
static void apply_metadata(
	struct executor *executor, const struct special *special, const char *made_name)
{
	char path[32 + NAME_MAX + 1];
	bool attributes = !special->link || executor->wish.privileged;
	struct metadata_result result;

	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", special->work->source->fd,
		special->name);
	if (!metadata_apply_name(&executor->wish, special->work->target->fd, made_name,
		    attributes ? path : NULL, &special->status, &result))
		executor_warn_metadata(executor, special->work, special->entry->index,
			special->work->target->filesystem, &result);
}

static int replace(struct executor *executor, const struct special *special)
{
	int directory_fd = special->work->target->fd;
	char temporary[TARGET_TEMPORARY_BYTES];
	int error;

	target_temporary_name(executor->options.salt, special->target_name, 0, temporary);
	error = special_make(directory_fd, temporary, &special->status, special->link);
	if (error) {
		/* Some drivers refuse, and leave something all the same. */
		if (error != -EEXIST)
			unlinkat(directory_fd, temporary, 0);
		return error;
	}
	apply_metadata(executor, special, temporary);
	if (renameat(directory_fd, temporary, directory_fd, special->target_name)) {
		error = -errno;
		unlinkat(directory_fd, temporary, 0);
	}
	return error;
}

static void fail(struct executor *executor, const struct special *special,
	enum wire_operation operation, int error)
{
	executor_fail(executor, special->work, special->entry->index, operation, error);
}

static struct wire_text name_of(const struct special *special)
{
	return (struct wire_text){special->name, special->entry->name_bytes};
}

static void done(struct executor *executor, const struct special *special)
{
	executor_count(executor, special->work, HAUL_FILES_DONE, 1);
	executor_tell_file(executor, special->work, HAUL_RECORD_FILE_DONE, name_of(special), 0);
}

static int make_backed_up(
	struct executor *executor, const struct special *special, const struct overwrite *overwrite)
{
	char backup[BACKUP_NAME_BYTES];
	int error = overwrite_back_up(executor, overwrite, backup);

	if (error)
		return error;
	error = replace(executor, special);
	if (error)
		overwrite_restore(overwrite, backup);
	return error;
}

/* Something is there already. What has no content replaces whatever isn't a directory. */
static void settle_existing(struct executor *executor, const struct special *special)
{
	struct overwrite overwrite = {
		.work = special->work,
		.index = special->entry->index,
		.flags = special->entry->flags,
		.source_name = name_of(special),
		.target_name = special->target_name,
		.source = &special->status,
	};
	enum overwrite_verdict verdict = overwrite_decide(executor, &overwrite);
	int error;

	if (overwrite_is_final(verdict)) {
		overwrite_report(executor, &overwrite, verdict);
		return;
	}
	if (verdict == OVERWRITE_BACK_UP)
		error = make_backed_up(executor, special, &overwrite);
	else
		error = replace(executor, special);
	if (error) {
		fail(executor, special, make_operation(special->status.st_mode), error);
		return;
	}
	if (verdict == OVERWRITE_REPLACE)
		overwrite_report_removed(executor, &overwrite);
	done(executor, special);
}

static void make(struct executor *executor, const struct special *special)
{
	int error = special_make(
		special->work->target->fd, special->target_name, &special->status, special->link);

	if (error == -EEXIST) {
		settle_existing(executor, special);
	} else if (error) {
		fail(executor, special, make_operation(special->status.st_mode), error);
	} else {
		apply_metadata(executor, special, special->target_name);
		done(executor, special);
	}
}

static bool can_be_made(const struct executor *executor, mode_t mode)
{
	if (S_ISLNK(mode))
		return true;
	return executor->options.copy_special &&
	       (S_ISFIFO(mode) || S_ISSOCK(mode) || S_ISCHR(mode) || S_ISBLK(mode));
}

void special_entry(struct executor *executor, struct work *work, const struct wire_entry *entry,
	struct wire_text name, struct wire_text target_name)
{
	struct special special = {
		.work = work,
		.entry = entry,
		.name = name.data,
		.target_name = target_name.bytes ? target_name.data : name.data,
	};
	enum wire_operation operation;
	int error = read_source(executor, &special, &operation);

	if (error)
		fail(executor, &special, operation, error);
	else if (!can_be_made(executor, special.status.st_mode))
		fail(executor, &special, OPERATION_UNSUPPORTED, -EOPNOTSUPP);
	else
		make(executor, &special);
	free(special.link);
}
