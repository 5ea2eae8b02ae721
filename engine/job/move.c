/* SPDX-License-Identifier: MIT */
/*
 * A move to another filesystem is a copy, then a sync of the destination, and then a removal of
 * what the destination holds by then: every file is at any moment at its source or complete at its
 * destination.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "job/coordinator.h"
#include "job/plan.h"
#include "util/quote.h"

/* Each costs two descriptors. Beyond this, names go when their own copies are durable. */
#define ROOTS_HELD_MAX 256

/* ---- what is to go ---- */

static int remember(struct root *root, const struct wire_entry *entry, struct wire_text name,
	struct wire_text target)
{
	if (!root->remembered) {
		root->remembered = item_new(WIRE_FILES, root->top);
		if (!root->remembered)
			return -ENOMEM;
		/* It waits for the other work of its directory, so it must not be part of it. */
		root->top->pending--;
	}
	return item_add_entry(root->remembered, entry, name, target);
}

static int remember_files(struct root *root, const struct item *item)
{
	const struct wire_entry *entry;
	struct wire_text name, target;
	int error = 0;

	for (uint32_t i = 0; i < item->entry_count && !error; i++)
		if (!item_entry_failed(item, i) && !outcome_is_left(item, i) &&
			!item_entry(item, i, &entry, &name, &target))
			error = remember(root, entry, name, target);
	return error;
}

/* A link or a large file. */
static int remember_one(struct root *root, const struct item *item)
{
	const struct wire_entry entry = {.mode = S_IFREG};
	struct wire_text name, target;

	if (item_failed(item) || outcome_is_left(item, 0))
		return 0;
	reply_entry_texts(item, 0, &name, &target);
	return remember(root, &entry, name, target);
}

void move_item(struct job *job, const struct item *item)
{
	struct root *root = item->directory->root;
	int error = 0;

	/* What a stopping worker answers may be dropped work. */
	if (job->options.operation != JOB_MOVE || job->stopping || !item->directory->virtual ||
		root->phase != ROOT_COPYING)
		return;
	switch (item->type) {
	case WIRE_FILES:
		error = remember_files(root, item);
		break;
	case WIRE_LINK:
	case WIRE_PREPARE: /* it ended with that */
	case WIRE_COMMIT:
		error = remember_one(root, item);
		break;
	default:
		break;
	}
	if (error)
		job_out_of_memory(job);
}

/* ---- removing ---- */

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
	struct wire_view view = item_view(root->remembered);
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
	root->copy_failures = root->failures;
	chronicle_removal(job, root);
	/* Of what is only looked through for listed names, nothing goes itself. */
	root->top->kept = job->request->selection->listed;
	return root->moved ? remove_tree(job, root) : remove_remembered(job, root);
}

/* Names of one file that are in several sources go together, when the copies of all are durable:
 * what is begun anew after a crash still finds that they are one file. */
static bool must_wait(const struct job *job, const struct root *root)
{
	return root->linked && job->request->source_count > 1 && job->roots.held < ROOTS_HELD_MAX;
}

static int go_on(struct job *job, struct root *root)
{
	if (root->phase == ROOT_COPYING) {
		checkpoint_await(job, root);
		return 0;
	}
	if (!must_wait(job, root))
		return begin_removal(job, root);
	root->phase = ROOT_HELD;
	job->roots.held++;
	return 0;
}

/* What could not be made durable must not lose its source. */
static bool may_remove(const struct job *job, const struct root *root)
{
	return !root->top->kept && !job->options.dry_run && !job->stopping && !job->fatal;
}

bool move_goes_on(struct job *job, struct root *root)
{
	int error;

	if ((!root->moved && !root->remembered) || root->phase >= ROOT_HELD ||
		!may_remove(job, root))
		return false;
	error = go_on(job, root);
	if (error)
		job_out_of_memory(job);
	return !error;
}

static bool copies_are_under_way(const struct job *job)
{
	for (const struct root *root = job->roots.first; root; root = root->next)
		if (!root->ended && root->phase < ROOT_HELD)
			return true;
	return false;
}

void move_release(struct job *job)
{
	int error = 0;

	if (!job->roots.held || !plan_finished(job) || copies_are_under_way(job))
		return;
	for (struct root *root = job->roots.first; root && !error; root = root->next) {
		if (root->phase != ROOT_HELD || !may_remove(job, root))
			continue;
		job->roots.held--;
		error = begin_removal(job, root);
	}
	if (error)
		job_out_of_memory(job);
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

	/* It isn't empty when the job stops. */
	if (error && !job->stopping)
		diagnose(job, "cannot remove %s: %s",
			quote_name(root->moved, quoted, sizeof(quoted)), strerror(-error));
}
