/* SPDX-License-Identifier: MIT */
#include "worker/file.h"

#include <errno.h>
#include <time.h>

#include "worker/durable.h"
#include "worker/files_item.h"

const size_t file_slot_bytes = sizeof(struct file);

static void read_content(struct executor *executor, struct file *file);

static void file_end(struct executor *executor, struct file *file)
{
	struct work *work = file->work;

	target_abandon(&file->target);
	if (file->buffer)
		buffer_pool_give(&executor->pool, file->buffer);
	if (file->streaming) {
		checksum_free(file->transfer.sum);
		transfer_end(&file->transfer);
		executor_give_transfer(executor);
	}
	if (file->source_fd != FILE_NO_FD)
		close_batch_add(&executor->closing, file->source_fd);
	slot_give_back(&executor->slots, &file->slot);
	files_entry_over(executor, work);
}

void file_fail(
	struct executor *executor, struct file *file, enum wire_operation operation, int error)
{
	executor_fail(executor, file->work, file->entry->index, operation, error);
	file_end(executor, file);
}

void file_left(struct executor *executor, struct file *file)
{
	overwrite_report(executor, &file->overwrite, file->verdict);
	file_end(executor, file);
}

void file_done(struct executor *executor, struct file *file)
{
	uint64_t bytes = file->buffer ? file->filled : (uint64_t)file->status.st_size;

	if (executor->options.sums && file->summed)
		executor_tell_sum(executor, file->work, file->entry->index, bytes, file->sum);
	executor_count(executor, file->work, HAUL_FILES_DONE, 1);
	executor_tell_file(executor, file->work, HAUL_RECORD_FILE_DONE, file->name, bytes);
	file_end(executor, file);
}

/* What isn't a regular file any more shows in many ways. */
static void fail_read(struct executor *executor, struct file *file, int error)
{
	struct stat status;

	if (!fstat(file->source_fd, &status) && !S_ISREG(status.st_mode))
		file_fail(executor, file, OPERATION_SOURCE_REPLACED, 0);
	else
		file_fail(executor, file, OPERATION_READ, error);
}

static bool same_content(const struct file *file, const struct stat *status)
{
	if (file->stated)
		return source_unchanged(&file->status, status);
	return source_at_rest(status, file->opened_sec);
}

/* A log that somebody writes to is better copied as it was found than not at all, as long as that
 * is said. Its times are those from before the change, so that a later comparison finds it. */
void file_warn_changed(struct executor *executor, struct file *file)
{
	executor_warn(executor, file->work, file->entry->index, OPERATION_SOURCE_CHANGED, 0);
}

/*
 * The content was read to its end. For nearly all files one look at the state shows that nobody
 * touched them since they were opened. What was changed only recently is read again between two
 * looks.
 */
static void verify(struct executor *executor, struct file *file, const struct stat *status)
{
	bool same = same_content(file, status);
	bool again = !same && !file->stated;

	if (!same && file->stated)
		file_warn_changed(executor, file);
	if (!file->stated)
		file->status = *status;
	if (!again) {
		file_store(executor, file);
		return;
	}
	file->stated = true;
	file->filled = 0;
	read_content(executor, file);
}

static void become_stream(struct executor *executor, struct file *file)
{
	buffer_pool_give(&executor->pool, file->buffer);
	file->buffer = NULL;
	file_stream(executor, file);
}

/* One byte more than there should be, so that the end shows. */
static uint32_t bytes_to_read(const struct file *file)
{
	uint64_t bytes = file->entry->bytes;

	if (!bytes || bytes < file->filled)
		bytes = TRANSFER_CHUNK_BYTES;
	return (uint32_t)(bytes < TRANSFER_CHUNK_BYTES ? bytes + 1 : TRANSFER_CHUNK_BYTES) -
	       file->filled;
}

/* Takes in what a read gave (0: the end of the file). True: it needs to read on. */
static bool take_content(struct executor *executor, struct file *file, ssize_t got)
{
	struct stat status;

	if (got < 0) {
		fail_read(executor, file, (int)got);
		return false;
	}
	file->filled += (uint32_t)got;
	if (file->filled == TRANSFER_CHUNK_BYTES) {
		become_stream(executor, file);
		return false;
	}
	if (got && file->filled < file->entry->bytes)
		return true;
	if (fstat(file->source_fd, &status)) {
		file_fail(executor, file, OPERATION_STAT_SOURCE, -errno);
		return false;
	}
	if (!S_ISREG(status.st_mode)) {
		file_fail(executor, file, OPERATION_SOURCE_REPLACED, 0);
		return false;
	}
	if (got && file->filled != (uint64_t)status.st_size)
		return true;
	verify(executor, file, &status);
	return false;
}

static bool queue_read(struct executor *executor, struct file *file)
{
	return executor->ring && !file->work->source->filesystem->no_ring &&
	       !ring_read(executor->ring, slot_tag(&file->slot, FILE_READ), file->source_fd,
		       file->buffer + file->filled, bytes_to_read(file), file->filled);
}

static void read_rest(struct executor *executor, struct file *file)
{
	ssize_t got;

	do {
		if (queue_read(executor, file))
			return;
		got = source_read(file->source_fd, file->buffer + file->filled, bytes_to_read(file),
			file->filled);
	} while (take_content(executor, file, got));
}

static void read_content(struct executor *executor, struct file *file)
{
	ssize_t got = source_read_cached(file->work->source->filesystem, file->source_fd,
		file->buffer, bytes_to_read(file), 0);

	if (got == -EAGAIN || take_content(executor, file, got))
		read_rest(executor, file);
}

static void read_complete(struct executor *executor, struct file *file, int result)
{
	if (result == -EAGAIN || result == -EINTR || take_content(executor, file, result))
		read_rest(executor, file);
}

/* Where reading changes the time of access, it must be known from before. */
static int look_before_reading(struct executor *executor, struct file *file)
{
	if (!executor_manner(executor, file->entry->flags)->atime_refused)
		return 0;
	if (fstat(file->source_fd, &file->status))
		return -errno;
	file->stated = true;
	return 0;
}

/* Sharing a block saves space and reading; less than that has nothing to share. */
#define SHARED_BYTES_MIN 4096

static bool wants_sharing(const struct executor *executor, const struct file *file)
{
	const struct filesystem *target = file->target.filesystem;

	if (executor_must_share(executor))
		return true;
	return file->entry->bytes >= SHARED_BYTES_MIN && file->entry->device == target->device &&
	       executor_may_share(executor, file->entry->device, target);
}

/* Too long for a buffer, with holes, or not to be read at all. */
static bool wants_stream(const struct executor *executor, const struct file *file)
{
	if (pace_limits(&executor->pace) && file->entry->bytes > executor->pace.chunk_bytes)
		return true;
	return file->entry->bytes >= TRANSFER_CHUNK_BYTES ||
	       executor->options.strategy == STRATEGY_NULL || file->entry->flags & ENTRY_SPARSE ||
	       executor->options.sparse == SPARSE_ALWAYS || wants_sharing(executor, file);
}

/* Whatever the content is, it isn't copied. */
static void keep_attributes(struct executor *executor, struct file *file)
{
	if (fstat(file->source_fd, &file->status)) {
		file_fail(executor, file, OPERATION_STAT_SOURCE, -errno);
		return;
	}
	file_store_attributes(executor, file);
}

static void opened(struct executor *executor, struct file *file, int fd)
{
	struct timespec now;
	int error;

	if (fd < 0) {
		file_fail(executor, file,
			fd == -ELOOP ? OPERATION_SOURCE_REPLACED : OPERATION_OPEN_SOURCE, fd);
		return;
	}
	file->source_fd = fd;
	if (executor->options.attributes_only) {
		keep_attributes(executor, file);
		return;
	}
	if (file->pouring) {
		file_pour_special(executor, file);
		return;
	}
	if (wants_stream(executor, file)) {
		file_stream(executor, file);
		return;
	}
	if (file->entry->bytes)
		pace_take(&executor->pace, file->entry->bytes);
	error = look_before_reading(executor, file);
	if (error) {
		file_fail(executor, file, OPERATION_STAT_SOURCE, error);
		return;
	}
	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	file->opened_sec = now.tv_sec;
	file->buffer = buffer_pool_take(&executor->pool);
	read_content(executor, file);
}

static void open_and_wait(struct executor *executor, struct file *file)
{
	int fd = FILE_NO_FD;
	int error = source_open(executor_manner(executor, file->entry->flags),
		file->work->source->fd, file->name.data, &fd);

	opened(executor, file, error ? error : fd);
}

static void open_through_ring(struct executor *executor, struct file *file)
{
	file->how = source_how(executor_manner(executor, file->entry->flags), false);
	if (!executor->ring || ring_open_file(executor->ring, slot_tag(&file->slot, FILE_OPENED),
				       file->work->source->fd, file->name.data, &file->how))
		open_and_wait(executor, file);
}

/* EPERM may be about O_NOATIME, which source_open knows how to deal with. */
static void open_complete(struct executor *executor, struct file *file, int result)
{
	if (result == -EAGAIN || result == -EINTR || result == -EPERM)
		open_and_wait(executor, file);
	else
		opened(executor, file, result);
}

static void file_complete(
	struct executor *executor, struct slot *slot, struct ring_tag tag, int result)
{
	struct file *file = (struct file *)slot;

	switch ((enum file_operation)tag.operation) {
	case FILE_OPENED:
		open_complete(executor, file, result);
		break;
	case FILE_READ:
		read_complete(executor, file, result);
		break;
	case FILE_CHUNK:
		file_stream_chunk(executor, file, tag.part, result);
		break;
	}
}

static void file_run(struct executor *executor, struct slot *slot)
{
	file_stream_run(executor, (struct file *)slot);
}

static void file_spared(struct executor *executor, struct file *file)
{
	file->status.st_size = (off_t)file->entry->bytes;
	/* An earlier run did. */
	executor_count(executor, file->work, HAUL_BYTES_READ, file->entry->bytes);
	executor_count(executor, file->work, HAUL_BYTES_ACCEPTED, file->entry->bytes);
	executor_count(executor, file->work, HAUL_BYTES_DURABLE, file->entry->bytes);
	file_done(executor, file);
}

static const struct slot_type file_type = {
	.kind = SLOT_FILE,
	.run = file_run,
	.complete = file_complete,
};

void file_begin(struct executor *executor, struct work *work, const struct wire_entry *entry,
	mode_t mode, struct wire_text name, struct wire_text target_name)
{
	struct slot *slot = slot_take(&executor->slots, &file_type);
	struct file *file = (struct file *)slot;
	int fd = FILE_NO_FD;
	int error;

	*file = (struct file){
		.slot = *slot,
		.work = work,
		.entry = entry,
		.name = name,
		.target_name = target_name.bytes ? target_name.data : name.data,
		.source_fd = FILE_NO_FD,
		.target = {.fd = TARGET_NONE},
	};
	file->target.directory_fd = work->target->fd;
	file->target.name = file->target_name;
	file->target.filesystem = work->target->filesystem;
	file->target.salt = executor->options.salt;
	if (durable_copy_stands(executor, work, entry, file->target_name)) {
		file_spared(executor, file);
		return;
	}
	file->pouring = !S_ISREG(mode);
	if (file->pouring)
		error = source_open_special(
			executor_manner(executor, entry->flags), work->source->fd, name.data, &fd);
	else
		error = source_open_cached(
			executor_manner(executor, entry->flags), work->source->fd, name.data, &fd);
	if (error == -EAGAIN)
		open_through_ring(executor, file);
	else
		opened(executor, file, error ? error : fd);
}
