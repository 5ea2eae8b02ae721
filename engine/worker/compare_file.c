/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "io/checksum.h"
#include "io/medium.h"
#include "worker/compare.h"

#define COMPARE_NO_FD (-1)

/* The operations of its requests. `part` of an OPENED is the side. */
enum compare_operation {
	COMPARE_OPENED,
	COMPARE_READ,
};

struct compare {
	struct slot slot;
	struct compare_subject subject;
	const struct wire_entry *entry; /* the work's */
	struct wire_text name;
	const char *target_name;
	unsigned opening; /* requests in flight */
	int fd[COMPARE_SIDES];
	int open_error[COMPARE_SIDES];
	struct open_how how[COMPARE_SIDES];
	struct stat status[COMPARE_SIDES];
	bool streaming; /* has a transfer's place */
	bool failed;
	uint64_t told_bytes; /* of what the content counts */
	struct content content;
};

const size_t compare_slot_bytes = sizeof(struct compare);

/* A checksum takes the place of the other side. */
static bool has_side(const struct compare *compare, unsigned side)
{
	if (compare->entry->flags & ENTRY_SUM)
		return side == COMPARE_TARGET;
	return !(compare->entry->flags & ENTRY_SUM_WANTED) || side == COMPARE_SOURCE;
}

static bool takes_sum(const struct compare *compare)
{
	return compare->entry->flags & (ENTRY_SUM | ENTRY_SUM_WANTED);
}

/* ---- its end ---- */

static bool is_part(const struct compare *compare)
{
	return compare->subject.work->type == WIRE_COMPARE;
}

static void end(struct executor *executor, struct compare *compare)
{
	struct work *work = compare->subject.work;

	content_close(&compare->content);
	checksum_free(compare->content.sum);
	if (compare->streaming)
		executor_give_transfer(executor);
	for (unsigned side = 0; side < COMPARE_SIDES; side++)
		if (compare->fd[side] != COMPARE_NO_FD)
			close_batch_add(&executor->closing, compare->fd[side]);
	slot_give_back(&executor->slots, &compare->slot);
	compare_entry_over(executor, work);
}

/* Parts are put together by the coordinator. What was copied counted then. */
static void done(struct executor *executor, struct compare *compare)
{
	bool counts = executor->options.operation == JOB_VERIFY && !is_part(compare);

	if (!compare->failed && !compare->subject.differences && counts) {
		executor_count(executor, compare->subject.work, HAUL_FILES_DONE, 1);
		executor_tell_file(executor, compare->subject.work, HAUL_RECORD_FILE_DONE,
			compare->name, (uint64_t)compare->status[COMPARE_SOURCE].st_size);
	}
	end(executor, compare);
}

static void fail(struct executor *executor, struct compare *compare, enum wire_operation operation,
	int error)
{
	executor_fail(executor, compare->subject.work, compare->subject.index, operation, error);
	compare->failed = true;
	end(executor, compare);
}

/* ---- content ---- */

static bool has_changed(const struct compare *compare)
{
	struct stat now;

	for (unsigned side = 0; side < COMPARE_SIDES; side++)
		if (has_side(compare, side) &&
			(fstat(compare->fd[side], &now) ||
				!source_unchanged(&compare->status[side], &now)))
			return true;
	return false;
}

static void report_sums(struct compare *compare, struct checksum_value sum)
{
	const struct wire_entry *entry = compare->entry;
	const uint64_t value[COMPARE_SIDES][2] = {
		{entry->sum_high, entry->sum_low},
		{sum.high, sum.low},
	};

	compare_report(&compare->subject, DIFFERENCE_SUM, value);
}

static void sum_over(struct executor *executor, struct compare *compare)
{
	struct checksum_value sum = checksum_get(compare->content.sum);
	const struct wire_entry *entry = compare->entry;
	bool same = sum.high == entry->sum_high && sum.low == entry->sum_low;

	if (entry->flags & ENTRY_SUM_WANTED)
		executor_tell_sum(
			executor, compare->subject.work, entry->index, compare->content.end, sum);
	else if (!same && has_changed(compare)) {
		fail(executor, compare, OPERATION_COPY_CHANGED, 0);
		return;
	} else if (!same)
		report_sums(compare, sum);
	done(executor, compare);
}

/* What somebody writes to meanwhile is not said to differ: nobody knows. */
static void content_over(struct executor *executor, struct compare *compare)
{
	struct content *content = &compare->content;
	bool differs = content->differs_at != UINT64_MAX;
	const uint64_t value[COMPARE_SIDES][2] = {{content->differs_at, 0}, {0, 0}};

	if ((differs || content->shrunk) && has_changed(compare)) {
		fail(executor, compare, OPERATION_COMPARED_CHANGED, 0);
		return;
	}
	if (content->shrunk) {
		fail(executor, compare, OPERATION_READ_COPY, -EIO);
		return;
	}
	if (content->sum) {
		sum_over(executor, compare);
		return;
	}
	if (differs)
		compare_report(&compare->subject, DIFFERENCE_CONTENT, value);
	done(executor, compare);
}

static void take_progress(struct executor *executor, struct compare *compare, int progress)
{
	struct content *content = &compare->content;
	uint64_t bytes = content->done_bytes - compare->told_bytes;

	executor_count(executor, compare->subject.work, HAUL_BYTES_READ, bytes);
	executor_count(executor, compare->subject.work, HAUL_BYTES_ACCEPTED, bytes);
	executor_count(executor, compare->subject.work, HAUL_BYTES_DURABLE, bytes);
	if (executor->options.operation != JOB_VERIFY)
		executor_count(executor, compare->subject.work, HAUL_BYTES_CHECKED, bytes);
	compare->told_bytes += bytes;
	if (progress == TRANSFER_MORE)
		slot_queue_push(&executor->runnable, &compare->slot);
	else if (progress == TRANSFER_DONE)
		content_over(executor, compare);
	else if (progress < 0)
		fail(executor, compare,
			content->fault == COMPARE_SOURCE ? OPERATION_READ : OPERATION_READ_COPY,
			progress);
}

/* The part that the item names, or all. */
static void set_bounds(const struct compare *compare, uint64_t *ret_offset, uint64_t *ret_end)
{
	uint64_t bytes = (uint64_t)compare->status[COMPARE_SOURCE].st_size;

	*ret_offset = 0;
	*ret_end = bytes;
	if (!is_part(compare))
		return;
	*ret_offset = compare->subject.work->compare->offset;
	if (bytes - *ret_offset > compare->subject.work->compare->length)
		*ret_end = *ret_offset + compare->subject.work->compare->length;
}

/* The content has its checksum taken of its second side. */
static int prepare_side(struct compare *compare, unsigned side, uint64_t offset, uint64_t end)
{
	bool wanted = compare->entry->flags & ENTRY_SUM_WANTED;
	struct content_side *to = &compare->content.side[wanted ? COMPARE_TARGET : side];

	to->fd = compare->fd[side];
	to->sparse = extent_is_sparse(&compare->status[side]);
	/* What was read once is not in doubt. */
	if (compare->entry->flags & ENTRY_SUM_WANTED)
		return 0;
	to->direct = medium_go_direct(to->fd);
	return medium_drop_cached(to->fd, to->direct, offset, end - offset);
}

static void read_content(struct executor *executor, struct compare *compare)
{
	uint64_t offset, end;
	int error = 0;

	set_bounds(compare, &offset, &end);
	compare->content = (struct content){
		.ring = executor->ring,
		.tag = slot_tag(&compare->slot, COMPARE_READ),
		.pool = &executor->pool,
		.position = offset,
		.end = end,
		.differs_at = UINT64_MAX,
		.side = {{.fd = CONTENT_NO_FD}, {.fd = CONTENT_NO_FD}},
		.sum = takes_sum(compare) ? checksum_new() : NULL,
	};
	if (takes_sum(compare) && !compare->content.sum) {
		fail(executor, compare, OPERATION_READ_COPY, -ENOMEM);
		return;
	}
	for (unsigned side = 0; side < COMPARE_SIDES && !error; side++) {
		if (has_side(compare, side))
			error = prepare_side(compare, side, offset, end);
		if (error)
			fail(executor, compare,
				side == COMPARE_SOURCE ? OPERATION_READ : OPERATION_READ_COPY,
				error);
	}
	if (!error)
		take_progress(executor, compare, content_advance(&compare->content));
}

static void begin_content(struct executor *executor, struct compare *compare)
{
	/* A small file takes one chunk, for which there is always room. */
	if (compare->status[COMPARE_SOURCE].st_size > TRANSFER_CHUNK_BYTES) {
		compare->streaming = executor_take_transfer(executor, &compare->slot);
		if (!compare->streaming)
			return;
	}
	read_content(executor, compare);
}

static void compare_run(struct executor *executor, struct slot *slot)
{
	struct compare *compare = (struct compare *)slot;

	if (compare->content.end)
		take_progress(executor, compare, content_advance(&compare->content));
	else
		begin_content(executor, compare);
}

/* ---- metadata ---- */

/* Of a large file, the first part does it; what must fit for the content to be compared, every part
 * does: somebody may change the file meanwhile. False: no content is to be compared. */
static bool compare_inodes(struct compare *compare)
{
	struct compare_ends ends = {.fd = {compare->fd[0], compare->fd[1]}};
	bool first = !is_part(compare) || !compare->subject.work->compare->offset;
	bool content_only =
		compare->subject.executor->options.operation != JOB_VERIFY || takes_sum(compare);

	if (!compare_types(&compare->subject, compare->status))
		return false;
	if (first && !content_only) {
		compare_status(&compare->subject, compare->status);
		compare_attributes(&compare->subject, &ends);
	}
	return compare_sizes(&compare->subject, compare->status) &&
	       (first || (uint64_t)compare->status[0].st_size >
				 compare->subject.work->compare->offset);
}

/* The side that isn't there is as it ought to be. */
static void take_status(struct compare *compare)
{
	struct stat *status = compare->status;

	if (!has_side(compare, COMPARE_TARGET))
		status[COMPARE_TARGET] = status[COMPARE_SOURCE];
	if (has_side(compare, COMPARE_SOURCE))
		return;
	status[COMPARE_SOURCE].st_mode = S_IFREG;
	status[COMPARE_SOURCE].st_size = compare->entry->flags & ENTRY_SUM_ALONE
						 ? status[COMPARE_TARGET].st_size
						 : (off_t)compare->entry->bytes;
}

static void opened_both(struct executor *executor, struct compare *compare)
{
	if (has_side(compare, 0) && fstat(compare->fd[0], &compare->status[0])) {
		fail(executor, compare, OPERATION_STAT_SOURCE, -errno);
		return;
	}
	if (has_side(compare, 1) && fstat(compare->fd[1], &compare->status[1])) {
		fail(executor, compare, OPERATION_STAT_TARGET, -errno);
		return;
	}
	take_status(compare);
	if (!S_ISREG(compare->status[0].st_mode))
		fail(executor, compare, OPERATION_COMPARED_CHANGED, 0);
	else if (!compare_inodes(compare) || (!compare->status[0].st_size && !takes_sum(compare)))
		done(executor, compare);
	else
		begin_content(executor, compare);
}

/* ---- opening ---- */

/* Looks at what could not be opened at the destination: that it isn't there, or is no file, is a
 * difference. */
static void explain_target(struct executor *executor, struct compare *compare, int error)
{
	struct stat status[COMPARE_SIDES] = {{.st_mode = S_IFREG}};
	int there = fstatat(compare->subject.work->target->fd, compare->target_name, &status[1],
		AT_SYMLINK_NOFOLLOW);

	if (there && errno == ENOENT) {
		compare_report_missing(&compare->subject, S_IFREG);
		done(executor, compare);
	} else if (there || S_ISREG(status[1].st_mode)) {
		fail(executor, compare, OPERATION_OPEN_COPY, error);
	} else {
		compare_types(&compare->subject, status);
		done(executor, compare);
	}
}

static void opened_all(struct executor *executor, struct compare *compare)
{
	int source = compare->open_error[COMPARE_SOURCE];
	int target = compare->open_error[COMPARE_TARGET];

	if (source == -ELOOP)
		fail(executor, compare, OPERATION_COMPARED_CHANGED, 0);
	else if (source)
		fail(executor, compare, OPERATION_OPEN_SOURCE, source);
	else if (target)
		explain_target(executor, compare, target);
	else
		opened_both(executor, compare);
}

static void take_opened(struct compare *compare, unsigned side, int result)
{
	if (result < 0)
		compare->open_error[side] = result;
	else
		compare->fd[side] = result;
}

static const char *name_of(const struct compare *compare, unsigned side)
{
	return side == COMPARE_SOURCE ? compare->name.data : compare->target_name;
}

static int directory_of(const struct compare *compare, unsigned side)
{
	const struct work *work = compare->subject.work;

	return side == COMPARE_SOURCE ? work->source->fd : work->target->fd;
}

static void open_and_wait(struct executor *executor, struct compare *compare, unsigned side)
{
	int fd = COMPARE_NO_FD;
	int error = source_open(executor_manner(executor, compare->entry->flags),
		directory_of(compare, side), name_of(compare, side), &fd);

	take_opened(compare, side, error ? error : fd);
}

static void open_side(struct executor *executor, struct compare *compare, unsigned side)
{
	struct source_manner *manner = executor_manner(executor, compare->entry->flags);
	struct ring_tag tag = slot_tag(&compare->slot, COMPARE_OPENED);
	int fd = COMPARE_NO_FD;
	int error = source_open_cached(
		manner, directory_of(compare, side), name_of(compare, side), &fd);

	if (error != -EAGAIN) {
		take_opened(compare, side, error ? error : fd);
		return;
	}
	compare->how[side] = source_how(manner, false);
	tag.part = (uint8_t)side;
	if (executor->ring && !ring_open_file(executor->ring, tag, directory_of(compare, side),
				      name_of(compare, side), &compare->how[side]))
		compare->opening++;
	else
		open_and_wait(executor, compare, side);
}

/* EPERM may be about O_NOATIME, which source_open knows how to deal with. */
static void open_complete(
	struct executor *executor, struct compare *compare, unsigned side, int result)
{
	compare->opening--;
	if (result == -EAGAIN || result == -EINTR || result == -EPERM)
		open_and_wait(executor, compare, side);
	else
		take_opened(compare, side, result);
	if (!compare->opening)
		opened_all(executor, compare);
}

static void compare_complete(
	struct executor *executor, struct slot *slot, struct ring_tag tag, int result)
{
	struct compare *compare = (struct compare *)slot;

	if (tag.operation == COMPARE_OPENED)
		open_complete(executor, compare, tag.part, result);
	else
		take_progress(
			executor, compare, content_complete(&compare->content, tag.part, result));
}

static const struct slot_type compare_type = {
	.kind = SLOT_FILE,
	.run = compare_run,
	.complete = compare_complete,
};

void compare_file(struct executor *executor, struct work *work, const struct wire_entry *entry,
	struct wire_text name, struct wire_text target_name)
{
	struct slot *slot = slot_take(&executor->slots, &compare_type);
	struct compare *compare = (struct compare *)slot;

	*compare = (struct compare){
		.slot = *slot,
		.subject = {executor, work, entry->index, 0},
		.entry = entry,
		.name = name,
		.target_name = target_name.bytes ? target_name.data : name.data,
		.fd = {COMPARE_NO_FD, COMPARE_NO_FD},
	};
	for (unsigned side = 0; side < COMPARE_SIDES; side++)
		if (has_side(compare, side))
			open_side(executor, compare, side);
	if (!compare->opening)
		opened_all(executor, compare);
}
