/* SPDX-License-Identifier: MIT */
/*
 * A move is a rename. Where that can't be, because the destination is on another filesystem, it is
 * a copy, then a sync of the destination, and then a removal of what the destination holds by then:
 * every file is at any moment at its source or complete at its destination.
 */
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
#include "util/path.h"
#include "util/quote.h"

/* ---- renaming ---- */

static bool has_kind_in_the_way(
	struct job *job, const struct source *source, const struct stat *there)
{
	bool from_directory = S_ISDIR(source->status.st_mode);
	bool to_directory = S_ISDIR(there->st_mode);

	if (to_directory && !from_directory)
		diagnose(job, "cannot overwrite directory %s with non-directory",
			source->target_quoted);
	else if (from_directory && !to_directory)
		diagnose(job, "cannot overwrite non-directory %s with directory %s",
			source->target_quoted, source->quoted);
	else
		return false;
	return true;
}

static void tell_renamed(struct job *job, const struct source *source)
{
	lane_add(&job->lane, HAUL_FILES_PLANNED, 1);
	lane_add(&job->lane, HAUL_FILES_DONE, 1);
	if (!job->options.verbose)
		return;
	printf("renamed %s -> %s\n", source->quoted, source->target_quoted);
	if (fflush(stdout))
		job->options.verbose = false; /* nobody reads it */
}

static void refuse_rename(struct job *job, const struct source *source, int error)
{
	if (error == EINVAL)
		diagnose(job, "cannot move %s to a subdirectory of itself, %s", source->quoted,
			source->target_quoted);
	else
		diagnose(job, "cannot move %s to %s: %s", source->quoted, source->target_quoted,
			strerror(error));
}

/* A rename replaces what is there; a copy to another filesystem must look as if it did, too. */
static bool clear_target(struct job *job, const struct source *source, const struct stat *there)
{
	/* A directory that an earlier run has begun to fill is gone on with. */
	if (job->request->past && there && S_ISDIR(there->st_mode))
		return true;
	if (!there || !unlinkat(job->plan->target_fd, source->target_name,
			      S_ISDIR(there->st_mode) ? AT_REMOVEDIR : 0))
		return true;
	diagnose(job, "inter-device move failed: %s to %s; unable to remove target: %s",
		source->quoted, source->target_quoted, strerror(errno));
	return false;
}

/* Whether it would have to be copied; what would fail is said. */
static bool rehearse_move(struct job *job, const struct source *source, const struct stat *there)
{
	char *from = path_directory(source->path), *to = path_directory(source->target_name);
	const char *to_name = to && *to ? to : ".";
	struct stat target;
	int error = 0;

	if (!from || !to)
		job_out_of_memory(job);
	else if (faccessat(AT_FDCWD, *from ? from : ".", W_OK | X_OK, AT_EACCESS) ||
		 faccessat(job->plan->target_fd, to_name, W_OK | X_OK, AT_EACCESS) ||
		 fstatat(job->plan->target_fd, to_name, &target, 0))
		error = errno;
	else if (there && S_ISDIR(there->st_mode) && !path_is_empty_directory(source->target))
		error = ENOTEMPTY;
	free(from);
	free(to);
	if (error)
		refuse_rename(job, source, error);
	else if (!job->fatal && target.st_dev != source->status.st_dev)
		return true;
	else if (!job->fatal)
		tell_renamed(job, source);
	return false;
}

bool move_source(struct job *job, struct source *source)
{
	struct stat status, *there = NULL;

	if (!fstatat(job->plan->target_fd, source->target_name, &status, AT_SYMLINK_NOFOLLOW))
		there = &status;
	if (there && job->options.update == UPDATE_NONE)
		return false;
	if (there && has_kind_in_the_way(job, source, there))
		return false;
	if (there && there->st_dev == source->status.st_dev &&
		there->st_ino == source->status.st_ino)
		return true; /* the same file: that is found out, and said, for copies as well */
	if (job->options.dry_run)
		return rehearse_move(job, source, there);
	if (!renameat(AT_FDCWD, source->path, job->plan->target_fd, source->target_name)) {
		tell_renamed(job, source);
		explain(job,
			"moves inside one filesystem: renamed, because then no data is copied");
		return false;
	}
	if (errno == EXDEV)
		return clear_target(job, source, there);
	refuse_rename(job, source, errno);
	return false;
}

/* ---- copying and removing ---- */

int move_remember(struct job *job, struct root *root, const struct wire_entry *entry,
	struct wire_text name, struct wire_text target)
{
	if (job->options.operation != JOB_MOVE)
		return 0;
	if (!root->remembered) {
		root->remembered = item_new(WIRE_FILES, root->top);
		if (!root->remembered)
			return -ENOMEM;
		/* It waits for the other work of its directory, so it must not be part of it. */
		root->top->pending--;
	}
	return item_add_entry(root->remembered, entry, name, target);
}

/* Through a descriptor that is older than the copy: one that is opened now would not tell of an
 * error that somebody else has been told of meanwhile. */
static void begin_sync(struct job *job, struct root *root)
{
	root->phase = ROOT_SYNCING;
	root->top->pending++;
	checkpoint_await(job, root);
}

void move_synced(struct job *job, struct root *root, bool durable)
{
	if (!durable) {
		root->top->kept = true;
		root->failures++;
	}
	root->top->pending--;
	settle_directory(job, root->top);
}

static int remove_tree(struct job *job, struct root *root)
{
	struct item *item = item_new(WIRE_LIST, root->top);

	if (!item)
		return -ENOMEM;
	root->top->finished = false;
	queue_push_front(&job->lists, item);
	return 0;
}

static int remove_remembered(struct job *job, struct root *root)
{
	struct wire_view view = {
		.text = (const char *)root->remembered->packed,
		.text_bytes = root->remembered->packed_bytes,
	};
	const struct wire_entry *entry;
	struct wire_text name, target;
	struct item *batch = NULL;
	int error = 0;

	while (!error && !wire_take_entry(&view, &entry, &name, &target))
		error = settle_copy_entry(job, root->top, entry, name, target, &batch);
	return error;
}

static int begin_removal(struct job *job, struct root *root)
{
	root->phase = ROOT_REMOVING;
	/* Of what is only looked through for listed names, nothing goes itself. */
	root->top->kept = job->request->selection->listed;
	return root->moved ? remove_tree(job, root) : remove_remembered(job, root);
}

bool move_goes_on(struct job *job, struct root *root)
{
	int error = 0;

	if ((!root->moved && !root->remembered) || root->phase == ROOT_REMOVING)
		return false;
	/* What could not be made durable must not lose its source. */
	if (root->top->kept || job->options.dry_run || job->stopping || job->fatal)
		return false;
	if (root->phase == ROOT_COPYING)
		begin_sync(job, root);
	else
		error = begin_removal(job, root);
	if (error)
		job_out_of_memory(job);
	return !error;
}

/* The name must still be that of the directory that was emptied. 0 or -errno. */
static int remove_emptied(const struct root *root)
{
	struct stat named, held;

	if (lstat(root->moved, &named) || fstat(root->source_fd, &held))
		return -errno;
	if (named.st_dev != held.st_dev || named.st_ino != held.st_ino)
		return -ESTALE;
	return rmdir(root->moved) ? -errno : 0;
}

void move_end(struct job *job, struct root *root)
{
	int error = remove_emptied(root);
	char quoted[QUOTE_BYTES];

	if (error)
		diagnose(job, "cannot remove %s: %s",
			quote_name(root->moved, quoted, sizeof(quoted)), strerror(-error));
}
