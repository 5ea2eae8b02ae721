/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "io/cache.h"
#include "worker/explain.h"
#include "worker/moved.h"
#include "worker/part.h"
#include "worker/pour.h"

enum answer {
	ANSWER_READY,
	ANSWER_FINISHED,
	ANSWER_CONTINUED,
	ANSWER_STALE,
};

/* As if all were where it can't be told. */
static uint64_t cached_bytes(const struct part *part)
{
	uint64_t bytes = (uint64_t)part->status.st_size;

	if (!part->work->source->filesystem->in_memory)
		(void)cache_estimate(part->source_fd, bytes, &bytes);
	return bytes;
}

static uint64_t temporary_inode(const struct part *part)
{
	struct stat status;
	int error = part->temporary_fd >= 0 ? fstat(part->temporary_fd, &status)
					    : fstatat(part->work->target->fd, part->temporary,
						      &status, AT_SYMLINK_NOFOLLOW);

	/* None has 0: then no part of it will be taken for the temporary file. */
	return error ? 0 : status.st_ino;
}

static void answer(struct executor *executor, struct part *part, enum answer state)
{
	struct wire_prepared prepared = {
		.id = part->work->item->id,
		.bytes = (uint64_t)part->status.st_size,
		.data_bytes = part->transfer.accepted_bytes,
		.cached_bytes = state == ANSWER_FINISHED ? 0 : cached_bytes(part),
		.source_device = part->work->source->filesystem->device,
		.target_device = part->work->target->filesystem->device,
		.source_type = part->work->source->filesystem->type,
		.target_type = part->work->target->filesystem->type,
		.changed_sec = part->status.st_ctim.tv_sec,
		.changed_nsec = (uint32_t)part->status.st_ctim.tv_nsec,
		.finished = state == ANSWER_FINISHED,
		.stale = state == ANSWER_STALE,
		.continued = state == ANSWER_CONTINUED,
		.sparse = executor_keeps_holes(executor, &part->status),
	};

	if (state == ANSWER_READY || state == ANSWER_CONTINUED)
		prepared.temporary_inode = temporary_inode(part);
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
		.manner = transfer_usual,
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
static int make_room(const struct executor *executor, const struct part *part)
{
	off_t bytes = part->status.st_size;
	bool whole = !executor_keeps_holes(executor, &part->status) &&
		     !part->work->target->filesystem->in_memory;
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

static void finish_standing(struct executor *executor, struct part *part)
{
	part->transfer.read_bytes = part->transfer.accepted_bytes = (uint64_t)part->status.st_size;
	part_count_transfer(executor, part);
	part_tell_done(executor, part);
	answer(executor, part, ANSWER_FINISHED);
}

static void finish_shared(struct executor *executor, struct part *part)
{
	part_count_transfer(executor, part);
	explain_transfer(executor, part->work, 0, CLASS_LARGE, &part->transfer);
	part_settle(executor, part);
	if (!part_publish(executor, part))
		return;
	part_tell_done(executor, part);
	answer(executor, part, ANSWER_FINISHED);
}

static void fill_temporary(struct executor *executor, struct part *part)
{
	bool shared;
	int error = share(executor, part, &shared);

	if (!error && !shared)
		error = make_room(executor, part);
	if (error)
		fail_without_temporary(executor, part,
			executor_must_share(executor) ? OPERATION_CLONE : OPERATION_WRITE, error);
	else if (shared)
		finish_shared(executor, part);
	else
		answer(executor, part, ANSWER_READY);
}

static void pour_into_special(struct executor *executor, struct part *part)
{
	struct target_manner manner = {.follow = part->overwrite.through, .special = true};
	struct target target = {
		.directory_fd = part->work->target->fd,
		.name = part->target_name,
		.fd = TARGET_NONE,
	};
	enum wire_operation operation = OPERATION_OPEN_TARGET;
	struct stat existing;
	uint64_t bytes;
	int error = target_open_existing(&target, manner, &part->status, &existing);

	if (error == TARGET_OPENED) {
		error = pour_content(
			executor, part->work, part->source_fd, target.fd, &bytes, &operation);
		close(target.fd);
	} else if (error > 0) {
		error = -EEXIST;
	}
	if (error) {
		part_fail(executor, part, operation, error);
		return;
	}
	explain_pour(executor, part->work, 0);
	part_tell_done(executor, part);
	part_done(executor, part);
}

static bool is_special(const struct stat *status)
{
	return !S_ISREG(status->st_mode) && !S_ISLNK(status->st_mode);
}

/* It may be replaced by a rename, which asks for no permission to write to the file itself. */
static int may_write(const struct executor *executor, const struct part *part)
{
	int flags = AT_EACCESS | (part->overwrite.through ? 0 : AT_SYMLINK_NOFOLLOW);

	if (executor->policy.force || S_ISLNK(part->overwrite.existing.st_mode) ||
		!faccessat(part->work->target->fd, part->target_name, W_OK, flags))
		return 0;
	return -errno;
}

static void begin_temporary(struct executor *executor, struct part *part)
{
	int error;

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

void part_prepare(struct executor *executor, struct part *part)
{
	enum overwrite_verdict verdict;
	int error;

	if (!part_open_source(executor, part))
		return;
	if (moved_copy_stands(
		    executor, part->work, part->name.data, part->target_name, &part->status)) {
		finish_standing(executor, part);
		return;
	}
	verdict = part_decide(executor, part);
	if (overwrite_is_final(verdict)) {
		overwrite_report(executor, &part->overwrite, verdict);
		part_done(executor, part);
		return;
	}
	if (verdict == OVERWRITE_WRITE && is_special(&part->overwrite.existing)) {
		pour_into_special(executor, part);
		return;
	}
	error = verdict == OVERWRITE_WRITE ? may_write(executor, part) : 0;
	if (error)
		part_fail(executor, part, OPERATION_OPEN_TARGET, error);
	else
		begin_temporary(executor, part);
}
