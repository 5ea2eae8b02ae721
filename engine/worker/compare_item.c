/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/special.h"
#include "worker/compare.h"

int compare_open_directories(
	struct executor *executor, struct work *work, enum wire_operation *ret_operation)
{
	int error = executor_open_directories(executor, work, ret_operation);

	if (error && *ret_operation == OPERATION_OPEN_TARGET)
		*ret_operation = OPERATION_OPEN_COPY;
	return error;
}

void compare_entry_over(struct executor *executor, struct work *work)
{
	work->users--;
	if (!work->users)
		executor_done(executor, work);
}

/* ---- what is no regular file: over when it returns ---- */

static void count_entry(
	struct executor *executor, struct work *work, struct wire_text name, unsigned differences)
{
	if (differences)
		return;
	executor_count(executor, work, HAUL_FILES_DONE, 1);
	executor_tell_file(executor, work, HAUL_RECORD_FILE_DONE, name, 0);
}

/* False: it failed. */
static bool compare_links(struct compare_subject *subject, const char *name, const char *target,
	const struct stat status[COMPARE_SIDES])
{
	const struct work *work = subject->work;
	char *points[COMPARE_SIDES] = {NULL, NULL};
	int error;

	if (!S_ISLNK(status[1].st_mode))
		return true; /* that was reported */
	error = special_read_link(
		work->source->fd, name, (size_t)status[0].st_size, &points[COMPARE_SOURCE]);
	if (!error)
		error = special_read_link(work->target->fd, target, (size_t)status[1].st_size,
			&points[COMPARE_TARGET]);
	if (error)
		executor_fail(subject->executor, work, subject->index, OPERATION_READ_LINK, error);
	else if (strcmp(points[COMPARE_SOURCE], points[COMPARE_TARGET]) != 0)
		compare_report_texts(subject, DIFFERENCE_SYMLINK, points[COMPARE_SOURCE],
			points[COMPARE_TARGET]);
	free(points[COMPARE_SOURCE]);
	free(points[COMPARE_TARGET]);
	return !error;
}

static void compare_special_attributes(
	struct compare_subject *subject, const char *name, const char *target)
{
	char path[COMPARE_SIDES][32 + NAME_MAX + 1];
	struct compare_ends ends = {.path = {path[0], path[1]}};

	snprintf(path[0], sizeof(path[0]), "/proc/self/fd/%d/%s", subject->work->source->fd, name);
	snprintf(
		path[1], sizeof(path[1]), "/proc/self/fd/%d/%s", subject->work->target->fd, target);
	compare_attributes(subject, &ends);
}

/* 0, or -errno with what failed. -ENODATA: it was reported that there is nothing to compare. */
static int look_at_both(struct compare_subject *subject, const char *name, const char *target,
	struct stat ret_status[COMPARE_SIDES], enum wire_operation *ret_operation)
{
	const struct work *work = subject->work;

	*ret_operation = OPERATION_STAT_SOURCE;
	if (fstatat(work->source->fd, name, &ret_status[0], AT_SYMLINK_NOFOLLOW))
		return -errno;
	*ret_operation = OPERATION_STAT_TARGET;
	if (!fstatat(work->target->fd, target, &ret_status[1], AT_SYMLINK_NOFOLLOW))
		return 0;
	if (errno != ENOENT)
		return -errno;
	compare_report_missing(subject, ret_status[0].st_mode);
	return -ENODATA;
}

/* By its names alone: nothing is opened. */
static void compare_named(struct executor *executor, struct work *work,
	const struct wire_entry *entry, struct wire_text name, struct wire_text target_name)
{
	struct compare_subject subject = {executor, work, entry->index, 0};
	const char *target = target_name.bytes ? target_name.data : name.data;
	struct stat status[COMPARE_SIDES];
	enum wire_operation operation;
	int error = look_at_both(&subject, name.data, target, status, &operation);

	if (error && error != -ENODATA)
		executor_fail(executor, work, entry->index, operation, error);
	if (error)
		return;
	if (S_ISREG(status[0].st_mode) && !executor->options.attributes_only) {
		executor_fail(executor, work, entry->index, OPERATION_COMPARED_CHANGED, 0);
		return;
	}
	if (compare_types(&subject, status)) {
		compare_status(&subject, status);
		compare_special_attributes(&subject, name.data, target);
		compare_sizes(&subject, status);
	}
	if (!S_ISLNK(status[0].st_mode) || compare_links(&subject, name.data, target, status))
		count_entry(executor, work, name, subject.differences);
}

/* ---- items ---- */

/* Where a copy should be, there is not even a directory. */
static bool is_missing(const struct executor *executor, const struct wire_entry *entry,
	enum wire_operation operation, int error)
{
	return entry->flags & ENTRY_SUM && error == -ENOENT &&
	       (operation == OPERATION_OPEN_COPY || executor->options.operation == JOB_VERIFY);
}

static void fail_entry(struct executor *executor, struct work *work, const struct wire_entry *entry,
	enum wire_operation operation, int error)
{
	struct compare_subject subject = {executor, work, entry->index, 0};

	if (is_missing(executor, entry, operation, error))
		compare_report_missing(&subject, entry->mode);
	else
		executor_fail(executor, work, entry->index, operation, error);
}

/* Without its directories every entry of the item fails, each under its own name. */
static void fail_all(
	struct executor *executor, struct work *work, enum wire_operation operation, int error)
{
	const struct wire_entry *entry;
	struct wire_text name, target_name;

	while (!work_take_entry(work, &entry, &name, &target_name))
		fail_entry(executor, work, entry, operation, error);
}

static void begin_item(struct executor *executor, struct work *work)
{
	enum wire_operation operation;
	int error = compare_open_directories(executor, work, &operation);

	work->begun = true;
	work->users++;
	if (error)
		fail_all(executor, work, operation, error);
}

static void begin_next(struct executor *executor, struct work *work)
{
	const struct wire_entry *entry;
	struct wire_text name, target_name;

	if (work_take_entry(work, &entry, &name, &target_name)) {
		/* The coordinator is this same program: it can't be. */
		executor->report.error = -EPROTO;
		return;
	}
	work->users++;
	if (S_ISREG(entry->mode) && !executor->options.attributes_only) {
		compare_file(executor, work, entry, name, target_name);
		return;
	}
	compare_named(executor, work, entry, name, target_name);
	compare_entry_over(executor, work);
}

static int begin_entries(struct executor *executor, struct work *work)
{
	if (!work->begun)
		begin_item(executor, work);
	if (work->entries_left) {
		if (!executor->slots.free[SLOT_FILE])
			return -EAGAIN;
		begin_next(executor, work);
	}
	if (work->entries_left)
		return 1;
	compare_entry_over(executor, work);
	return 0;
}

int compare_begin(struct executor *executor, struct work *work)
{
	switch (work->type) {
	case WIRE_LIST:
		return compare_directory(executor, work);
	case WIRE_EXTRA:
		return compare_extra(executor, work);
	default:
		return begin_entries(executor, work);
	}
}
