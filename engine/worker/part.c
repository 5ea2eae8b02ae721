/* SPDX-License-Identifier: MIT */
#include "worker/part.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

const size_t part_slot_bytes = sizeof(struct part);

void part_end(struct executor *executor, struct part *part)
{
	struct work *work = part->work;

	if (part->moving) {
		checksum_free(part->transfer.sum);
		transfer_end(&part->transfer);
		part_give_turn(executor, part);
	}
	cache_forget(&part->cached);
	if (part->source_fd != PART_NO_FD)
		close(part->source_fd);
	if (part->temporary_fd != PART_NO_FD)
		close(part->temporary_fd);
	slot_give_back(&executor->slots, &part->slot);
	executor_end_work(executor, work);
}

void part_done(struct executor *executor, struct part *part)
{
	struct work *work = part->work;

	report_put(&executor->report, WIRE_DONE, &work->sums, sizeof(work->sums));
	part_end(executor, part);
}

void part_fail(
	struct executor *executor, struct part *part, enum wire_operation operation, int error)
{
	executor_fail(executor, part->work, 0, operation, error);
	part_done(executor, part);
}

void part_remove_temporary(const struct part *part)
{
	/* Nothing can be done about a failure: the name says what it is. */
	(void)unlinkat(part->work->target->fd, part->temporary, 0);
}

void part_count_transfer(struct executor *executor, struct part *part)
{
	struct transfer *transfer = &part->transfer;

	executor_count(
		executor, part->work, HAUL_BYTES_READ, transfer->read_bytes - part->told_read);
	executor_count(executor, part->work, HAUL_BYTES_ACCEPTED,
		transfer->accepted_bytes - part->told_accepted);
	part->told_read = transfer->read_bytes;
	part->told_accepted = transfer->accepted_bytes;
}

void part_tell_done(struct executor *executor, struct part *part)
{
	executor_count(executor, part->work, HAUL_FILES_DONE, 1);
	executor_tell_file(executor, part->work, HAUL_RECORD_FILE_DONE, part->name,
		(uint64_t)part->status.st_size);
}

static int open_regular(struct executor *executor, struct part *part)
{
	struct source_manner *manner = executor_manner(executor, part->work->large->entry_flags);
	int error = source_open(manner, part->work->source->fd, part->name.data, &part->source_fd);

	if (error)
		return error;
	if (fstat(part->source_fd, &part->status))
		return -errno;
	return S_ISREG(part->status.st_mode) ? 0 : -ELOOP;
}

bool part_open_source(struct executor *executor, struct part *part)
{
	int error = open_regular(executor, part);

	if (error)
		part_fail(executor, part,
			error == -ELOOP ? OPERATION_SOURCE_REPLACED : OPERATION_OPEN_SOURCE, error);
	return !error;
}

bool part_source_is_as_told(const struct part *part)
{
	const struct wire_large *told = part->work->large;
	const struct stat *status = &part->status;

	return (uint64_t)status->st_size == told->bytes &&
	       status->st_ctim.tv_sec == told->changed_sec &&
	       status->st_ctim.tv_nsec == told->changed_nsec;
}

/* Is this the temporary file that PREPARE made? Whoever may write in the directory could have put
 * something else in its place. */
static bool is_temporary(const struct part *part, const struct stat *status)
{
	return S_ISREG(status->st_mode) && status->st_nlink == 1 &&
	       (status->st_ino == part->work->large->temporary_inode ||
		       !part->work->target->filesystem->lasting_inodes);
}

/* It waits for nobody, should it lead to a FIFO. */
static int open_temporary(struct part *part)
{
	struct stat status;

	part->temporary_fd = openat(part->work->target->fd, part->temporary,
		O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (part->temporary_fd < 0 || fstat(part->temporary_fd, &status))
		return -errno;
	if (!is_temporary(part, &status))
		return -ESTALE;
	/* With a ring, a file that doesn't wait may refuse what another takes. */
	return fcntl(part->temporary_fd, F_SETFL, 0) ? -errno : 0;
}

bool part_open_temporary(struct executor *executor, struct part *part)
{
	int error = open_temporary(part);

	if (error)
		part_fail(executor, part, OPERATION_OPEN_TARGET, error);
	return !error;
}

static void part_run(struct executor *executor, struct slot *slot)
{
	part_range_run(executor, (struct part *)slot);
}

static void part_complete(
	struct executor *executor, struct slot *slot, struct ring_tag tag, int result)
{
	struct part *part = (struct part *)slot;

	part_range_chunk(executor, part, tag.part, result);
}

static const struct slot_type part_type = {
	.kind = SLOT_PART,
	.run = part_run,
	.complete = part_complete,
};

static int take_names(struct part *part)
{
	struct work *work = part->work;
	struct wire_text target, temporary;

	if (wire_take_text(&work->rest, work->large->name_bytes, &part->name) ||
		wire_take_text(&work->rest, work->large->target_bytes, &target) ||
		wire_take_text(&work->rest, work->large->temporary_bytes, &temporary))
		return -EPROTO;
	part->target_name = target.bytes ? target.data : part->name.data;
	part->temporary = temporary.data;
	return 0;
}

static void begin_type(struct executor *executor, struct part *part)
{
	switch (part->work->type) {
	case WIRE_PREPARE:
		part_prepare(executor, part);
		break;
	case WIRE_RANGE:
		part_range(executor, part);
		break;
	default:
		part_commit(executor, part);
		break;
	}
}

int part_begin(struct executor *executor, struct work *work)
{
	struct slot *slot = slot_take(&executor->slots, &part_type);
	struct part *part = (struct part *)slot;
	enum wire_operation operation = OPERATION_OPEN_SOURCE;
	int error;

	if (!slot)
		return -EAGAIN;
	*part = (struct part){
		.slot = *slot,
		.work = work,
		.source_fd = PART_NO_FD,
		.temporary_fd = PART_NO_FD,
	};
	error = take_names(part);
	if (!error)
		error = executor_open_directories(executor, work, &operation);
	if (error)
		part_fail(executor, part, operation, error);
	else
		begin_type(executor, part);
	return 0;
}
