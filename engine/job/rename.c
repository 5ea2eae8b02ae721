/* SPDX-License-Identifier: MIT */
/* What a move is where it can be: one rename, after what is in its way has been looked at. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "job/coordinator.h"
#include "job/explain.h"
#include "job/plan.h"
#include "util/empty.h"
#include "util/gnu.h"
#include "util/path.h"
#include "util/stamp.h"

/* A name that is taken and free again, over and over, is no accident. */
#define ATTEMPTS_MAX 8

/* ---- are source and destination one and the same? ---- */

static bool same_inode(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool stat_parent(int fd, const char *path, struct stat *ret_status)
{
	char *stripped = path_stripped(path);
	char *directory = stripped ? path_directory(stripped) : NULL;
	bool found = directory && !fstatat(fd, *directory ? directory : ".", ret_status, 0);

	free(stripped);
	free(directory);
	return found;
}

/* Are they one name in one directory? */
static bool same_entry(const char *path, const struct source *source)
{
	char *name = path_last(path), *target_name = path_last(source->target_name);
	struct stat parent, target_parent;
	bool same = name && target_name && !strcmp(name, target_name) &&
		    stat_parent(AT_FDCWD, path, &parent) &&
		    stat_parent(source->target_fd, source->target_name, &target_parent) &&
		    same_inode(&parent, &target_parent);

	free(name);
	free(target_name);
	return same;
}

/* A symlink that takes the place of what it leads to destroys that, unless it has another name by
 * which the link leads to it. */
static bool destroys_its_referent(const struct source *source, const struct stat *there)
{
	char *referent = there->st_nlink > 1 ? realpath(source->path, NULL) : NULL;
	struct stat behind;
	bool destroys;

	if (referent)
		destroys = same_entry(referent, source);
	else
		destroys = !stat(source->path, &behind) && same_inode(&behind, there);
	free(referent);
	return destroys;
}

/* A rename between two names of one file does nothing at all; and two moves of it at once would
 * lose it if one of the names went. */
static bool is_same_file(
	const struct job *job, const struct source *source, const struct stat *there)
{
	bool from_link = S_ISLNK(source->status.st_mode), to_link = S_ISLNK(there->st_mode);
	bool same = same_inode(&source->status, there);

	if (job->options.backup || (from_link && to_link && !same))
		return same && same_entry(source->path, source);
	if (to_link || !from_link)
		return same;
	return destroys_its_referent(source, there);
}

/* ---- what is in the way ---- */

static void count_left(struct job *job, const struct source *source)
{
	lane_add(&job->lane, HAUL_FILES_PLANNED, 1);
	lane_add(&job->lane, HAUL_FILES_SKIPPED, 1);
	if (job->options.debug)
		verbose_line(job, "skipped %s", source->target_quoted);
}

/* Is it left alone without anybody being asked? Then that is said. */
static bool is_left(struct job *job, const struct source *source, const struct stat *there)
{
	switch (job->options.update) {
	case UPDATE_NONE:
		break;
	case UPDATE_NONE_FAIL:
		diagnose(job, "not replacing %s", source->target_quoted);
		return true;
	case UPDATE_OLDER:
		if (!S_ISDIR(source->status.st_mode) &&
			stamp_is_current(
				&source->status, there, there->st_dev != source->status.st_dev))
			break;
		return false;
	default:
		return false;
	}
	count_left(job, source);
	return true;
}

/* Names without a backup or an exchange must be of one kind. */
static bool has_kind_in_the_way(
	struct job *job, const struct source *source, const struct stat *there)
{
	bool from_directory = S_ISDIR(source->status.st_mode);
	bool to_directory = S_ISDIR(there->st_mode);

	if (from_directory == to_directory || job->options.backup || job->options.exchange)
		return false;
	if (from_directory)
		diagnose(job, "cannot overwrite non-directory %s with directory %s",
			source->target_quoted, source->quoted);
	else if (GNU_SINCE(9, 5))
		diagnose(job, "cannot overwrite directory %s with non-directory %s",
			source->target_quoted, source->quoted);
	else
		diagnose(job, "cannot overwrite directory %s with non-directory",
			source->target_quoted);
	return true;
}

/* What is write-protected is asked about on a terminal, unless an option says what to do. */
static enum outcome_kind question(
	const struct job *job, const struct source *source, const struct stat *there)
{
	bool protected = !S_ISLNK(there->st_mode) &&
			 faccessat(source->target_fd, source->target_name, W_OK, AT_EACCESS);

	if (job->options.interactive)
		return protected ? OUTCOME_ASK_PROTECTED : OUTCOME_ASK;
	return job->request->ask_protected && protected ? OUTCOME_ASK_PROTECTED : OUTCOME_NONE;
}

/* True: go on, somebody agreed or nobody has to. */
static bool is_agreed(struct job *job, const struct source *source, const struct stat *there)
{
	struct plan *plan = job->plan;
	enum outcome_kind kind = OUTCOME_NONE;

	if (!plan->answer && !job->options.dry_run)
		kind = question(job, source, there);
	if (kind && outcome_ask(job, NULL, kind, there->st_mode, source->target_quoted))
		job_out_of_memory(job);
	if (plan->answer != PLAN_REFUSED)
		return plan->answer != PLAN_ASKED;
	count_left(job, source);
	outcome_tell_refused(job);
	return false;
}

/* What an earlier run has copied already is not asked about, nor kept as if it were another's. */
static bool is_own_copy(
	const struct job *job, const struct source *source, const struct stat *there)
{
	return job->request->past && S_ISREG(source->status.st_mode) && S_ISREG(there->st_mode) &&
	       source->status.st_size == there->st_size &&
	       stamp_is_current(&source->status, there, true) &&
	       stamp_is_current(there, &source->status, true);
}

/* May it be replaced? False: it was said why not, or is being asked. */
static bool may_replace(struct job *job, const struct source *source, const struct stat *there)
{
	bool never = job->options.update == UPDATE_NONE || job->options.update == UPDATE_NONE_FAIL;

	if (is_own_copy(job, source, there))
		return true;
	if (!never && is_same_file(job, source, there)) {
		diagnose(job, "%s and %s are the same file", source->quoted, source->target_quoted);
		return false;
	}
	return !is_left(job, source, there) && is_agreed(job, source, there) &&
	       !has_kind_in_the_way(job, source, there);
}

/* ---- backups ---- */

struct backup {
	int directory_fd; /* of the destination, -1: there is no backup */
	char *target_name;
	char name[BACKUP_NAME_BYTES];
};

static int open_target_directory(const struct source *source, const char *target)
{
	char *directory;
	int fd;

	if (source->target_directory)
		return fcntl(source->target_fd, F_DUPFD_CLOEXEC, 0);
	directory = path_directory(target);
	if (!directory)
		return -1;
	fd = open(*directory ? directory : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	free(directory);
	return fd;
}

static void backup_close(struct backup *backup)
{
	if (backup->directory_fd >= 0)
		close(backup->directory_fd);
	free(backup->target_name);
	*backup = (struct backup){.directory_fd = -1};
}

static int make_backup(
	const struct job_options *options, const struct source *source, struct backup *backup)
{
	char *target = path_stripped(source->target_name);
	int error;

	backup->target_name = target ? path_last(target) : NULL;
	backup->directory_fd = target ? open_target_directory(source, target) : -1;
	error = backup->directory_fd < 0 || !backup->target_name ? -errno : 0;
	free(target);
	if (!error)
		error = backup_name(backup->directory_fd, backup->target_name, options->backup,
			options->backup_suffix, backup->name);
	if (!error && renameat(backup->directory_fd, backup->target_name, backup->directory_fd,
			      backup->name))
		error = -errno;
	return error;
}

/* The rename failed: what was there gets its name back, if that is still free. */
static void restore(const struct backup *backup)
{
	(void)renameat2(backup->directory_fd, backup->name, backup->directory_fd,
		backup->target_name, RENAME_NOREPLACE);
}

/* The backup of what exists would take the source's name. */
static bool backup_is_source(const struct job *job, const struct source *source)
{
	char *target = path_stripped(source->target_name);
	struct stat status;
	char *name = NULL;
	bool same;

	if (!target || asprintf(&name, "%s%s", target, job->options.backup_suffix) < 0)
		name = NULL;
	same = job->options.backup != BACKUP_NUMBERED && name &&
	       !fstatat(source->target_fd, name, &status, AT_SYMLINK_NOFOLLOW) &&
	       same_inode(&status, &source->status);
	free(name);
	free(target);
	return same;
}

static bool is_dots(const char *path)
{
	size_t bytes = strlen(path);

	while (bytes && path[bytes - 1] == '/')
		bytes--;
	return (bytes && path[bytes - 1] == '.') &&
	       (bytes == 1 || path[bytes - 2] == '/' ||
		       (path[bytes - 2] == '.' && (bytes == 2 || path[bytes - 3] == '/')));
}

/* False: it was said why there can't be one. */
static bool back_up(struct job *job, const struct source *source, struct backup *backup)
{
	int error;

	if (!job->options.backup || is_dots(source->path))
		return true;
	if (backup_is_source(job, source)) {
		diagnose(job, "backing up %s might destroy source;  %s not moved",
			source->target_quoted, source->quoted);
		return false;
	}
	if (job->options.dry_run)
		return true;
	error = make_backup(&job->options, source, backup);
	if (error)
		backup_close(backup);
	if (!error || error == -ENOENT)
		return true;
	diagnose(job, "cannot backup %s: %s", source->target_quoted, strerror(-error));
	return false;
}

/* ---- renaming ---- */

static void tell_renamed(struct job *job, const struct source *source, const struct backup *backup)
{
	const char *verb = job->options.exchange ? "exchanged" : "renamed";
	const char *arrow = job->options.exchange ? "<->" : "->";
	char *directory = NULL, *path = NULL;
	char quoted[QUOTE_BYTES];

	lane_add(&job->lane, HAUL_FILES_PLANNED, 1);
	lane_add(&job->lane, HAUL_FILES_DONE, 1);
	if (backup->directory_fd >= 0) {
		char *stripped = path_stripped(source->target);

		directory = stripped ? path_directory(stripped) : NULL;
		path = directory ? path_join(directory, backup->name) : NULL;
		free(stripped);
	}
	if (path)
		verbose_line(job, "%s %s %s %s (backup: %s)", verb, source->quoted, arrow,
			source->target_quoted, quote_name(path, quoted, sizeof(quoted)));
	else
		verbose_line(
			job, "%s %s %s %s", verb, source->quoted, arrow, source->target_quoted);
	free(directory);
	free(path);
}

/* The destination must be the problem. */
static bool is_of_target(int error)
{
	switch (error) {
	case EDQUOT:
	case EEXIST:
	case EISDIR:
	case EMLINK:
	case ENOSPC:
	case ENOTEMPTY:
	case ETXTBSY:
		return true;
	default:
		return false;
	}
}

static void refuse(struct job *job, const struct source *source, int error)
{
	if (job->options.exchange)
		diagnose(job, "cannot exchange %s and %s: %s", source->quoted,
			source->target_quoted, strerror(error));
	else if (error == EINVAL)
		diagnose(job, "cannot move %s to a subdirectory of itself, %s", source->quoted,
			source->target_quoted);
	else if (GNU_SINCE(9, 4) && is_of_target(error))
		diagnose(job, "cannot overwrite %s: %s", source->target_quoted, strerror(error));
	else
		diagnose(job, "cannot move %s to %s: %s", source->quoted, source->target_quoted,
			strerror(error));
}

/* Nothing was there: what has come meanwhile stays. */
static int rename_to_new(const struct source *source)
{
	struct stat there;

	if (!renameat2(AT_FDCWD, source->path, source->target_fd, source->target_name,
		    RENAME_NOREPLACE))
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	/* Not every filesystem can do this; and EINVAL has other meanings too. */
	if (!fstatat(source->target_fd, source->target_name, &there, AT_SYMLINK_NOFOLLOW))
		return -EEXIST;
	return renameat(AT_FDCWD, source->path, source->target_fd, source->target_name) ? -errno
											: 0;
}

static int rename_over(const struct job *job, const struct source *source)
{
	unsigned flags = job->options.exchange ? RENAME_EXCHANGE : 0;

	return renameat2(AT_FDCWD, source->path, source->target_fd, source->target_name, flags)
		       ? -errno
		       : 0;
}

/* Whether what is no directory can be replaced, when its successor is complete. */
static int can_be_replaced(const struct source *source)
{
	char *target = path_stripped(source->target_name);
	int fd = target ? open_target_directory(source, target) : -1;
	int error = fd < 0 || faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) ? -errno : 0;

	if (fd >= 0)
		close(fd);
	free(target);
	return error;
}

/* A copy to another filesystem must look as if a rename had replaced what is there. */
static bool clear_target(struct job *job, const struct source *source, const struct stat *there)
{
	int error = 0;

	if (!there)
		return true;
	if (!S_ISDIR(there->st_mode))
		error = can_be_replaced(source);
	/* What an earlier run has begun to fill is gone on with. */
	else if (!job->request->past && !job->options.dry_run &&
		 unlinkat(source->target_fd, source->target_name, AT_REMOVEDIR) && errno != ENOENT)
		error = -errno;
	if (error)
		diagnose(job, "inter-device move failed: %s to %s; unable to remove target: %s",
			source->quoted, source->target_quoted, strerror(-error));
	return !error;
}

/* Workers make backups of what isn't a directory themselves, when the copy is complete. */
static enum move_result copy_instead(struct job *job, struct source *source,
	const struct stat *there, const struct backup *backup)
{
	bool backed_up = backup->directory_fd >= 0;

	if (backed_up && !S_ISDIR(there->st_mode) && !S_ISDIR(source->status.st_mode)) {
		restore(backup);
		backed_up = false;
	}
	source->decided = there && !backed_up;
	return backed_up || clear_target(job, source, there) ? MOVE_COPIES : MOVE_ENDED;
}

/* Dry run: what a rename would give. */
static int rehearse(const struct source *source, const struct stat *there)
{
	char *from = path_directory(source->path), *to = path_directory(source->target_name);
	const char *to_name = to && *to ? to : ".";
	struct stat target;
	int error = 0;

	if (!from || !to)
		error = -ENOMEM;
	else if (faccessat(AT_FDCWD, *from ? from : ".", W_OK | X_OK, AT_EACCESS) ||
		 faccessat(source->target_fd, to_name, W_OK | X_OK, AT_EACCESS) ||
		 fstatat(source->target_fd, to_name, &target, 0))
		error = -errno;
	else if (there && S_ISDIR(there->st_mode) &&
		 empty_directory(source->target_fd, source->target_name) != 1)
		error = -ENOTEMPTY;
	else if (target.st_dev != source->status.st_dev)
		error = -EXDEV;
	free(from);
	free(to);
	return error;
}

static enum move_result rename_looked_at(
	struct job *job, struct source *source, const struct stat *there, struct backup *backup)
{
	bool free_name = !there || backup->directory_fd >= 0;
	int error;

	if (!job->options.dry_run)
		chronicle_rename(job, source);
	if (job->options.dry_run)
		error = rehearse(source, there);
	else if (free_name && !job->options.exchange)
		error = rename_to_new(source);
	else
		error = rename_over(job, source);

	/* Somebody was faster: that is looked at in its turn. */
	if (error == -EEXIST && !there)
		return MOVE_AGAIN;
	if (!error) {
		tell_renamed(job, source, backup);
		explain(job,
			"moves inside one filesystem: renamed, because then no data is copied");
		return MOVE_ENDED;
	}
	if (error == -EXDEV && !job->options.no_copy && !job->options.exchange)
		return copy_instead(job, source, there, backup);
	if (backup->directory_fd >= 0)
		restore(backup);
	refuse(job, source, -error);
	return MOVE_ENDED;
}

enum move_result rename_source(struct job *job, struct source *source)
{
	struct backup backup = {.directory_fd = -1};
	struct stat status, *there = NULL;
	enum move_result result = MOVE_AGAIN;

	/* Another exchange would undo that of an earlier run. */
	if (job->options.exchange && chronicle_was_renamed(job, source))
		return MOVE_ENDED;
	for (unsigned i = 0; i < ATTEMPTS_MAX && result == MOVE_AGAIN; i++) {
		there = fstatat(source->target_fd, source->target_name, &status,
				AT_SYMLINK_NOFOLLOW)
				? NULL
				: &status;
		if (there && !may_replace(job, source, there))
			return job->plan->answer == PLAN_ASKED ? MOVE_WAITS : MOVE_ENDED;
		if (there && !back_up(job, source, &backup))
			return MOVE_ENDED;
		result = rename_looked_at(job, source, there, &backup);
		backup_close(&backup);
	}
	if (result == MOVE_AGAIN)
		refuse(job, source, EEXIST);
	return result;
}
