/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "worker/explain.h"
#include "worker/file.h"

/* Smaller files are over before anybody could see that they began. */
#define STARTED_BYTES_MIN (1024 * 1024)

static void count_transfer(struct executor *executor, struct file *file)
{
	struct transfer *transfer = &file->transfer;

	executor_count(
		executor, file->work, HAUL_BYTES_READ, transfer->read_bytes - file->told_read);
	executor_count(executor, file->work, HAUL_BYTES_ACCEPTED,
		transfer->accepted_bytes - file->told_accepted);
	file->told_read = transfer->read_bytes;
	file->told_accepted = transfer->accepted_bytes;
}

/* Files of sysfs are said to be longer than they are. */
static int cut_to_content(struct file *file)
{
	uint64_t end = file->transfer.end;

	if (end >= (uint64_t)file->status.st_size)
		return 0;
	file->status.st_size = (off_t)end;
	return ftruncate(file->target.fd, (off_t)end) ? -errno : 0;
}

static const struct copy_ops *way_to_copy(const struct executor *executor, const struct file *file)
{
	return executor_sound_way(
		executor->copy, file->work->source->filesystem, file->target.filesystem);
}

static void take_sum(struct file *file)
{
	struct transfer *transfer = &file->transfer;

	file->summed = transfer->sum;
	if (!transfer->sum)
		return;
	transfer_complete_sum(transfer);
	file->sum = checksum_get(transfer->sum);
}

/* The content is there if the source stayed as it was meanwhile. */
static void moved(struct executor *executor, struct file *file)
{
	struct stat status;
	int error;

	if (fstat(file->source_fd, &status)) {
		file_fail(executor, file, OPERATION_STAT_SOURCE, -errno);
		return;
	}
	if (!source_unchanged(&file->status, &status))
		file_warn_changed(executor, file);
	explain_transfer(executor, file->work, file->entry->index,
		file->transfer.sparse ? CLASS_HOLES : CLASS_MEDIUM, &file->transfer);
	take_sum(file);
	error = cut_to_content(file);
	if (error)
		file_fail(executor, file, OPERATION_WRITE, error);
	else
		file_settle(executor, file);
}

static void begin_transfer(
	struct executor *executor, struct file *file, const struct copy_ops *copy);

static void fail_transfer(struct executor *executor, struct file *file, int error)
{
	struct filesystem *target = file->target.filesystem;
	bool reading = file->transfer.fault == TRANSFER_FAULT_READ;

	if (file->transfer.ops == &copy_reflink)
		error = executor_share_failed(executor, file->status.st_dev, target, error);
	if (error && file->transfer.ops == &copy_reflink)
		file_fail(executor, file, OPERATION_CLONE, error);
	else if (error)
		file_fail(executor, file, reading ? OPERATION_READ : OPERATION_WRITE, error);
	else
		begin_transfer(executor, file, way_to_copy(executor, file));
}

static void take_progress(struct executor *executor, struct file *file, int progress)
{
	count_transfer(executor, file);
	if (progress == TRANSFER_MORE)
		slot_queue_push(&executor->runnable, &file->slot);
	else if (progress == TRANSFER_DONE)
		moved(executor, file);
	else if (progress < 0)
		fail_transfer(executor, file, progress);
}

/* Files that don't tell their size (procfs), or grew while they were read, are read to their end.
 */
static uint64_t content_end(const struct file *file)
{
	uint64_t bytes = (uint64_t)file->status.st_size;

	return bytes && bytes >= file->filled ? bytes : UINT64_MAX;
}

static void begin_transfer(
	struct executor *executor, struct file *file, const struct copy_ops *copy)
{
	bool shared = copy == &copy_reflink;
	bool sparse = !shared && content_end(file) != UINT64_MAX &&
		      executor_keeps_holes(executor, &file->status);

	if (sparse && ftruncate(file->target.fd, file->status.st_size)) {
		file_fail(executor, file, OPERATION_WRITE, -errno);
		return;
	}
	checksum_free(file->transfer.sum);
	file->transfer = (struct transfer){
		.ops = copy,
		.sum = executor_sums(executor, copy) ? checksum_new() : NULL,
		.ring = executor->ring,
		.tag = slot_tag(&file->slot, FILE_CHUNK),
		.pool = &executor->pool,
		.pace = &executor->pace,
		.source_filesystem = file->work->source->filesystem,
		.source_fd = file->source_fd,
		.target_fd = file->target.fd,
		.manner = executor->manner_of_files,
		.end = shared ? (uint64_t)file->status.st_size : content_end(file),
		.sparse = sparse,
		.make_holes = sparse && executor->options.sparse == SPARSE_ALWAYS,
	};
	file->told_read = 0;
	file->told_accepted = 0;
	take_progress(executor, file, transfer_advance(&file->transfer));
}

/* A file that hides its size has no extents to share. */
static bool may_share(const struct executor *executor, const struct file *file)
{
	return (content_end(file) != UINT64_MAX || executor_must_share(executor)) &&
	       executor_may_share(executor, file->status.st_dev, file->target.filesystem);
}

void file_stream_again(struct executor *executor, struct file *file)
{
	if (!file_open_target(executor, file))
		return;
	if (file->pouring) {
		file_pour(executor, file);
		return;
	}
	begin_transfer(executor, file,
		may_share(executor, file) ? &copy_reflink : way_to_copy(executor, file));
}

/* Much may have to be moved: better know now whether the name is taken. */
static void look_at_name(struct file *file)
{
	file->blocked =
		!faccessat(file->target.directory_fd, file->target.name, F_OK, AT_SYMLINK_NOFOLLOW);
}

static void begin(struct executor *executor, struct file *file)
{
	if (fstat(file->source_fd, &file->status)) {
		file_fail(executor, file, OPERATION_STAT_SOURCE, -errno);
		return;
	}
	if (!S_ISREG(file->status.st_mode)) {
		file_fail(executor, file, OPERATION_SOURCE_REPLACED, 0);
		return;
	}
	if (file->status.st_size > STARTED_BYTES_MIN)
		executor_tell_file(executor, file->work, HAUL_RECORD_FILE_STARTED, file->name,
			(uint64_t)file->status.st_size);
	look_at_name(file);
	file_stream_again(executor, file);
}

void file_stream(struct executor *executor, struct file *file)
{
	file->streaming = executor_take_transfer(executor, &file->slot);
	if (file->streaming)
		begin(executor, file);
}

void file_stream_run(struct executor *executor, struct file *file)
{
	if (file->streaming)
		take_progress(executor, file, transfer_advance(&file->transfer));
	else
		file_stream(executor, file);
}

void file_stream_chunk(struct executor *executor, struct file *file, unsigned part, int result)
{
	take_progress(executor, file, transfer_complete(&file->transfer, part, result));
}
