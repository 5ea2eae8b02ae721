/* SPDX-License-Identifier: MIT */
#include "worker/overwrite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/stamp.h"
#include "worker/namesake.h"

bool overwrite_looks_first(const struct job_options *options)
{
	return options->update || options->interactive || options->backup ||
	       options->remove_destination || options->make != MAKE_COPY;
}

/* Nothing is written into what exists: a move does as a rename would. */
static bool never_writes_into(const struct job_options *options)
{
	return options->remove_destination || options->operation == JOB_MOVE;
}

/* ---- are source and destination one and the same? ---- */

static bool same_inode(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* What both names lead to, followed to the end, is the same. */
static bool lead_to_same(const struct overwrite *overwrite)
{
	const struct work *work = overwrite->work;
	struct stat source, target;

	if (fstatat(work->target->fd, overwrite->target_name, &target, 0))
		return false;
	if (!overwrite->source_name.bytes)
		return same_inode(overwrite->source, &target);
	return !fstatat(work->source->fd, overwrite->source_name.data, &source, 0) &&
	       same_inode(&source, &target);
}

static bool same_name(const struct overwrite *overwrite)
{
	const struct work *work = overwrite->work;
	struct stat source, target;

	return overwrite->source_name.bytes &&
	       !strcmp(overwrite->source_name.data, overwrite->target_name) &&
	       !fstat(work->source->fd, &source) && !fstat(work->target->fd, &target) &&
	       same_inode(&source, &target);
}

static bool source_is_symlink(const struct overwrite *overwrite)
{
	struct stat status;

	return overwrite->source_name.bytes &&
	       !fstatat(overwrite->work->source->fd, overwrite->source_name.data, &status,
		       AT_SYMLINK_NOFOLLOW) &&
	       S_ISLNK(status.st_mode);
}

/* A symlink that is copied as such. */
static enum overwrite_verdict judge_symlink(const struct executor *executor,
	const struct overwrite *overwrite, const struct stat *there)
{
	if (!S_ISLNK(there->st_mode))
		return executor->options.backup || !lead_to_same(overwrite) ? OVERWRITE_REPLACE
									    : OVERWRITE_REFUSE;
	if (!same_inode(overwrite->source, there))
		return OVERWRITE_REPLACE;
	if (same_name(overwrite))
		return OVERWRITE_REFUSE;
	return executor->options.backup ? OVERWRITE_REPLACE : OVERWRITE_NOTHING;
}

/* A hard link is there already if both names are the same file, whatever else was asked for. */
static enum overwrite_verdict judge_hard_link(
	const struct overwrite *overwrite, const struct stat *there)
{
	if (same_inode(overwrite->source, there))
		return OVERWRITE_NOTHING;
	return !S_ISLNK(there->st_mode) && lead_to_same(overwrite) ? OVERWRITE_NOTHING
								   : OVERWRITE_REPLACE;
}

/* The copy would destroy its source, unless it takes the place of one of several names. */
static enum overwrite_verdict judge_copy(const struct executor *executor,
	const struct overwrite *overwrite, const struct stat *there)
{
	const struct job_options *options = &executor->options;
	bool symlink = S_ISLNK(there->st_mode);

	if (!lead_to_same(overwrite))
		return OVERWRITE_REPLACE;
	if (options->make == MAKE_SYMLINK)
		return symlink ? OVERWRITE_REPLACE : OVERWRITE_REFUSE;
	if (!never_writes_into(options) && !options->backup)
		return OVERWRITE_REFUSE;
	if (symlink)
		return OVERWRITE_REPLACE;
	return source_is_symlink(overwrite) || same_name(overwrite) ? OVERWRITE_REFUSE
								    : OVERWRITE_REPLACE;
}

/* OVERWRITE_REPLACE stands for: they are not the same, or that does no harm. */
static enum overwrite_verdict judge_sameness(const struct executor *executor,
	const struct overwrite *overwrite, const struct stat *there)
{
	if (executor->options.make == MAKE_HARD_LINK || !overwrite->source_name.bytes)
		return judge_hard_link(overwrite, there);
	if (executor->options.make == MAKE_COPY && S_ISLNK(overwrite->source->st_mode))
		return judge_symlink(executor, overwrite, there);
	return judge_copy(executor, overwrite, there);
}

/* ---- may it be overwritten? ---- */

static bool is_protected(const struct overwrite *overwrite)
{
	return !S_ISLNK(overwrite->existing.st_mode) &&
	       faccessat(overwrite->work->target->fd, overwrite->target_name, W_OK, AT_EACCESS);
}

static enum outcome_kind question(const struct overwrite *overwrite)
{
	return is_protected(overwrite) ? OUTCOME_ASK_PROTECTED : OUTCOME_ASK;
}

static enum outcome_kind reason_to_leave(
	const struct executor *executor, const struct overwrite *overwrite)
{
	const struct job_options *options = &executor->options;

	if (overwrite->work->item->flags & ITEM_RETRIED && !overwrite->content)
		return OUTCOME_NONE;
	if (overwrite->flags & ENTRY_DECIDED)
		return OUTCOME_NONE;
	if (options->update == UPDATE_NONE)
		return OUTCOME_SKIPPED;
	/* A further name of a file whose first one is current is linked to that all the same. */
	if (options->update == UPDATE_OLDER && overwrite->source_name.bytes &&
		stamp_is_current(overwrite->source, &overwrite->existing, executor->wish.times))
		return OUTCOME_CURRENT;
	if (options->interactive && !(overwrite->flags & ENTRY_APPROVED))
		return question(overwrite);
	return OUTCOME_NONE;
}

static enum overwrite_verdict refuse(
	struct overwrite *overwrite, enum wire_operation operation, int error)
{
	overwrite->operation = operation;
	overwrite->error = error;
	return OVERWRITE_REFUSE;
}

static bool is_dots(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

/* The backup of what exists would take the source's name. */
static bool backup_is_source(const struct executor *executor, const struct overwrite *overwrite)
{
	char backup[BACKUP_NAME_BYTES];
	struct stat status;

	if (backup_name(overwrite->work->target->fd, overwrite->target_name,
		    executor->options.backup, executor->options.backup_suffix, backup))
		return false;
	return !fstatat(overwrite->work->target->fd, backup, &status, AT_SYMLINK_NOFOLLOW) &&
	       same_inode(&status, overwrite->source);
}

static enum overwrite_verdict judge_link(
	const struct executor *executor, struct overwrite *overwrite)
{
	if (executor->options.make == MAKE_COPY || executor->options.force ||
		executor->options.remove_destination)
		return OVERWRITE_REPLACE;
	return refuse(overwrite,
		executor->options.make == MAKE_SYMLINK ? OPERATION_SYMLINK_TO_SOURCE
						       : OPERATION_LINK_TO_SOURCE,
		-EEXIST);
}

static enum wire_operation make_operation(mode_t mode)
{
	if (S_ISLNK(mode))
		return OPERATION_MAKE_SYMLINK;
	return S_ISFIFO(mode) ? OPERATION_MAKE_FIFO : OPERATION_MAKE_SPECIAL;
}

static bool takes_its_place(const struct executor *executor, const struct overwrite *overwrite)
{
	if (never_writes_into(&executor->options) || !overwrite->content)
		return true;
	/* Its further names keep their content. */
	return executor->policy.replace_links && overwrite->existing.st_nlink > 1;
}

static enum overwrite_verdict choose_way(
	const struct executor *executor, struct overwrite *overwrite)
{
	mode_t mode = overwrite->existing.st_mode;

	if (S_ISDIR(mode))
		return refuse(overwrite, OPERATION_IS_DIRECTORY, -EISDIR);
	if (executor->options.backup && !is_dots(overwrite->target_name)) {
		if (backup_is_source(executor, overwrite))
			return refuse(overwrite, OPERATION_BACKUP_IS_SOURCE, -EEXIST);
		return OVERWRITE_BACK_UP;
	}
	if (executor->options.make != MAKE_COPY || !overwrite->source_name.bytes)
		return judge_link(executor, overwrite);
	if (!overwrite->content && executor->options.attributes_only &&
		!executor->options.remove_destination)
		return refuse(overwrite, make_operation(overwrite->source->st_mode), -EEXIST);
	if (takes_its_place(executor, overwrite))
		return OVERWRITE_REPLACE;
	if (S_ISREG(mode) || (overwrite->flags & ENTRY_NAMED && !S_ISLNK(mode)))
		return OVERWRITE_WRITE;
	if (executor->policy.force)
		return OVERWRITE_REPLACE;
	return refuse(overwrite, OPERATION_SYMLINK_IN_TREE, -ELOOP);
}

/* A symlink under the name is followed only if the user named it: within a tree it may be there
 * to lead out of it. 0, -ENOENT for one that leads nowhere, or -errno. */
static int look_through(const struct executor *executor, struct overwrite *overwrite)
{
	const struct job_options *options = &executor->options;
	struct stat behind;

	if (!overwrite->content || options->make != MAKE_COPY || options->backup ||
		never_writes_into(options) || !S_ISLNK(overwrite->existing.st_mode))
		return 0;
	if (fstatat(overwrite->work->target->fd, overwrite->target_name, &behind, 0))
		return overwrite->flags & ENTRY_NAMED ? -errno : 0;
	if (!(overwrite->flags & ENTRY_NAMED) && !S_ISDIR(behind.st_mode))
		return 0;
	overwrite->existing = behind;
	overwrite->through = true;
	return 0;
}

static bool writes_through_dangling(void)
{
	return getenv("POSIXLY_CORRECT") != NULL;
}

static enum overwrite_verdict judge_broken_link(
	const struct executor *executor, struct overwrite *overwrite, int error)
{
	if (error == -ELOOP && executor->policy.force)
		return OVERWRITE_REPLACE;
	if (error != -ENOENT)
		return refuse(overwrite, OPERATION_STAT_TARGET, error);
	if (!writes_through_dangling())
		return refuse(overwrite, OPERATION_DANGLING, error);
	overwrite->through = true;
	return OVERWRITE_WRITE;
}

/* Is it the copy of another name, which is the same one at the destination? What the command line
 * names may come from many directories: then it is one that was just made. */
static bool would_merge(const struct executor *executor, const struct overwrite *overwrite)
{
	const struct work *work = overwrite->work;

	if (!overwrite->source_name.bytes)
		return false;
	if (overwrite->flags & ENTRY_NAMED)
		return source_changed_since(&overwrite->existing, executor->options.started_ns) &&
		       namesake_is_spelled_otherwise(work->target, overwrite->target_name);
	return namesake_merges(work->source, work->target, overwrite->target_name);
}

enum overwrite_verdict overwrite_decide(struct executor *executor, struct overwrite *overwrite)
{
	enum overwrite_verdict sameness;
	struct stat there;
	int error;

	if (fstatat(overwrite->work->target->fd, overwrite->target_name, &there,
		    AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? OVERWRITE_CREATE
				       : refuse(overwrite, OPERATION_STAT_TARGET, -errno);
	overwrite->existing = there;
	error = look_through(executor, overwrite);
	if (error)
		return judge_broken_link(executor, overwrite, error);
	if (would_merge(executor, overwrite))
		return refuse(overwrite, OPERATION_MERGE, -EEXIST);
	sameness = judge_sameness(executor, overwrite, &there);
	if (sameness == OVERWRITE_REFUSE)
		return refuse(overwrite, OPERATION_SAME_FILE, -EEXIST);
	if (sameness == OVERWRITE_NOTHING)
		return sameness;
	if (executor->options.update == UPDATE_NONE_FAIL)
		return refuse(overwrite, OPERATION_NOT_REPLACING, -EEXIST);
	overwrite->outcome = reason_to_leave(executor, overwrite);
	if (overwrite->outcome)
		return OVERWRITE_LEAVE;
	return choose_way(executor, overwrite);
}

/* ---- telling ---- */

static void tell(struct executor *executor, const struct overwrite *overwrite,
	enum outcome_kind kind, const char *backup)
{
	struct wire_outcome outcome = {
		.id = overwrite->work->item->id,
		.kind = kind,
		.index = overwrite->index,
		.mode = overwrite->existing.st_mode,
	};

	report_outcome(&executor->report, &outcome, backup);
}

static void count(struct executor *executor, const struct overwrite *overwrite,
	enum haul_counter counter, enum haul_record_type type)
{
	struct wire_text name = overwrite->source_name;

	if (!name.bytes)
		name = (struct wire_text){overwrite->target_name, strlen(overwrite->target_name)};
	executor_count(executor, overwrite->work, counter, 1);
	executor_tell_file(executor, overwrite->work, type, name, 0);
}

void overwrite_report(struct executor *executor, const struct overwrite *overwrite,
	enum overwrite_verdict verdict)
{
	if (verdict == OVERWRITE_REFUSE) {
		executor_fail(executor, overwrite->work, overwrite->index, overwrite->operation,
			overwrite->error);
		return;
	}
	if (verdict == OVERWRITE_NOTHING) {
		count(executor, overwrite, HAUL_FILES_DONE, HAUL_RECORD_FILE_DONE);
		return;
	}
	tell(executor, overwrite, overwrite->outcome, NULL);
	if (overwrite->outcome != OUTCOME_ASK && overwrite->outcome != OUTCOME_ASK_PROTECTED)
		count(executor, overwrite, HAUL_FILES_SKIPPED, HAUL_RECORD_FILE_SKIPPED);
}

int overwrite_back_up(
	struct executor *executor, const struct overwrite *overwrite, char *ret_backup)
{
	int fd = overwrite->work->target->fd;
	int error = backup_name(fd, overwrite->target_name, executor->options.backup,
		executor->options.backup_suffix, ret_backup);

	if (error)
		return error;
	if (renameat(fd, overwrite->target_name, fd, ret_backup))
		return errno == ENOENT ? 0 : -errno;
	tell(executor, overwrite, OUTCOME_BACKED_UP, ret_backup);
	return 0;
}

void overwrite_restore(const struct overwrite *overwrite, const char *backup)
{
	int fd = overwrite->work->target->fd;

	/* Something may have the name again: then both stay. */
	(void)renameat2(fd, backup, fd, overwrite->target_name, RENAME_NOREPLACE);
}

void overwrite_report_removed(struct executor *executor, const struct overwrite *overwrite)
{
	tell(executor, overwrite, OUTCOME_REMOVED, NULL);
}

void overwrite_report_renamed(struct executor *executor, const struct overwrite *overwrite)
{
	count(executor, overwrite, HAUL_FILES_DONE, HAUL_RECORD_FILE_DONE);
	tell(executor, overwrite, OUTCOME_RENAMED, NULL);
}
