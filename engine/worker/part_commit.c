/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "worker/durable.h"
#include "worker/part.h"

static void fail_commit(
	struct executor *executor, struct part *part, enum wire_operation operation, int error)
{
	part_remove_temporary(part);
	part_fail(executor, part, operation, error);
}

static void publish(struct executor *executor, struct part *part)
{
	int error = target_flush(part->temporary_fd);

	if (error) {
		fail_commit(executor, part, OPERATION_WRITE, error);
		return;
	}
	if (!part_publish(executor, part))
		return;
	part_tell_done(executor, part);
	part_done(executor, part);
}

/* A worker may have died between the last step and its answer: then the temporary file is gone and
 * the copy is under its name. What was there before the job is not it: the file is gone, too, when
 * a worker died after it gave up. */
static bool was_committed(const struct executor *executor, const struct part *part)
{
	const struct stat *source = &part->status;
	struct stat copy;

	if (!(part->work->item->flags & ITEM_RETRIED) ||
		!faccessat(part->work->target->fd, part->temporary, F_OK, AT_SYMLINK_NOFOLLOW))
		return false;
	return target_look(part->work->target->fd, part->target_name, source, &copy) ==
		       TARGET_OPENED &&
	       copy.st_size == source->st_size &&
	       source_changed_since(&copy, executor->options.started_ns);
}

/* The copy is kept, and said to be of a file that changed. Its time is from before the change, so
 * that a later comparison finds it; what the source lost at its end is not made up by zeros. */
static bool keep_changed(struct executor *executor, struct part *part)
{
	const struct wire_large *large = part->work->large;
	off_t bytes = part->status.st_size;

	executor_warn(executor, part->work, 0, OPERATION_SOURCE_CHANGED, 0);
	part->status.st_mtim = (struct timespec){large->changed_sec, large->changed_nsec};
	if ((uint64_t)bytes >= large->bytes || !ftruncate(part->temporary_fd, bytes))
		return true;
	fail_commit(executor, part, OPERATION_WRITE, -errno);
	return false;
}

void part_commit(struct executor *executor, struct part *part)
{
	if (!part_open_source(executor, part))
		return;
	if (was_committed(executor, part)) {
		part_tell_done(executor, part);
		part_done(executor, part);
		return;
	}
	if (!part_open_temporary(executor, part))
		return;
	if (!part_source_is_as_told(part) && !keep_changed(executor, part))
		return;
	part_settle(executor, part);
	publish(executor, part);
}
