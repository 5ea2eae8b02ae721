/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "worker/part.h"

enum answer {
	ANSWER_READY,
	ANSWER_FINISHED,
	ANSWER_CONTINUED,
	ANSWER_STALE,
};

static void answer(struct executor *executor, struct part *part, enum answer state)
{
	struct wire_prepared prepared = {
		.id = part->work->item->id,
		.bytes = (uint64_t)part->status.st_size,
		.data_bytes = part->transfer.accepted_bytes,
		.changed_sec = part->status.st_ctim.tv_sec,
		.changed_nsec = (uint32_t)part->status.st_ctim.tv_nsec,
		.finished = state == ANSWER_FINISHED,
		.stale = state == ANSWER_STALE,
		.continued = state == ANSWER_CONTINUED,
	};

	report_put(&executor->report, WIRE_PREPARED, &prepared, sizeof(prepared));
	part_end(executor, part);
}

/* A worker that died over the item may have left it: then its content is worth nothing. */
static int create_temporary(struct part *part)
{
	int fd;

	if (part->work->item->flags & ITEM_RETRIED)
		part_remove_temporary(part);
	fd = openat(part->work->target->fd, part->temporary,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	part->temporary_fd = fd;
	return 0;
}

/* The temporary file of an earlier run, whose name nobody else would use. One that can't be gone on
 * with goes. */
static bool find_temporary(struct part *part)
{
	struct stat status;
	bool fits =
		!fstatat(part->work->target->fd, part->temporary, &status, AT_SYMLINK_NOFOLLOW) &&
		S_ISREG(status.st_mode) && status.st_uid == geteuid() && status.st_nlink == 1 &&
		status.st_size == part->status.st_size && part_source_is_as_told(part);

	if (!fits)
		part_remove_temporary(part);
	return fits;
}

static int share(struct executor *executor, struct part *part, bool *ret_shared)
{
	struct filesystem *filesystem = part->work->target->filesystem;
	int error;

	*ret_shared = false;
	if (!executor_may_share(executor, part->status.st_dev, filesystem))
		return 0;
	part->transfer = (struct transfer){
		.ops = &copy_reflink,
		.source_fd = part->source_fd,
		.target_fd = part->temporary_fd,
		.end = (uint64_t)part->status.st_size,
	};
	error = transfer_advance(&part->transfer);
	if (error)
		return executor_share_failed(executor, part->status.st_dev, filesystem, error);
	*ret_shared = true;
	return 0;
}

/* Room for all of it, so that a full disk shows before hours of copying, and so that ranges written
 * side by side don't end up in pieces. In memory both are pointless. */
static int make_room(const struct part *part)
{
	off_t bytes = part->status.st_size;
	bool whole = !extent_is_sparse(&part->status) && !part->work->target->filesystem->in_memory;
	int result;

	if (whole) {
		do
			result = fallocate(part->temporary_fd, 0, 0, bytes);
		while (result && errno == EINTR);
		if (!result)
			return 0;
		if (errno == ENOSPC || errno == EFBIG || errno == EDQUOT || errno == EIO)
			return -errno;
	}
	return ftruncate(part->temporary_fd, bytes) ? -errno : 0;
}

static void fail_without_temporary(
	struct executor *executor, struct part *part, enum wire_operation operation, int error)
{
	part_remove_temporary(part);
	part_fail(executor, part, operation, error);
}

static void finish_shared(struct executor *executor, struct part *part)
{
	bool skipped;

	part_count_transfer(executor, part);
	part_settle(executor, part);
	if (!part_publish(executor, part, &skipped))
		return;
	part_tell_done(executor, part, skipped);
	answer(executor, part, ANSWER_FINISHED);
}

static void fill_temporary(struct executor *executor, struct part *part)
{
	bool shared;
	int error = share(executor, part, &shared);

	if (!error && !shared)
		error = make_room(part);
	if (error)
		fail_without_temporary(executor, part, OPERATION_WRITE, error);
	else if (shared)
		finish_shared(executor, part);
	else
		answer(executor, part, ANSWER_READY);
}

void part_prepare(struct executor *executor, struct part *part)
{
	struct stat existing;
	int found, error;

	if (!part_open_source(executor, part))
		return;
	found = part_look(executor, part, &existing);
	if (found < 0)
		return;
	if (found != TARGET_ABSENT && executor->options.no_clobber) {
		part_tell_done(executor, part, true);
		answer(executor, part, ANSWER_FINISHED);
		return;
	}
	executor_tell_file(executor, part->work, HAUL_RECORD_FILE_STARTED, part->name,
		(uint64_t)part->status.st_size);
	if (part->work->item->flags & ITEM_CONTINUE) {
		answer(executor, part, find_temporary(part) ? ANSWER_CONTINUED : ANSWER_STALE);
		return;
	}
	error = create_temporary(part);
	if (error)
		part_fail(executor, part, OPERATION_CREATE, error);
	else
		fill_temporary(executor, part);
}
