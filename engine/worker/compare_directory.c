/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/listing.h"
#include "worker/compare.h"
#include "worker/list_item.h"

/* What is not on the medium yet can't be read from there. */
static int sync_filesystem(const struct tree_directory *directory)
{
	int fd = openat(directory->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error = 0;

	/* One that can't be read has nothing in it that could. */
	if (fd < 0)
		return 0;
	if (syncfs(fd))
		error = -errno;
	close(fd);
	return error;
}

static void sync_both(struct executor *executor, struct work *work)
{
	bool is_one = work->source->filesystem == work->target->filesystem;
	int source = sync_filesystem(work->source);
	int target = is_one ? 0 : sync_filesystem(work->target);

	if (source)
		executor_fail(executor, work, 0, OPERATION_SYNC_SOURCE, source);
	if (target)
		executor_fail(executor, work, 0, OPERATION_SYNC_COPY, target);
}

/* A descriptor that stands for a path only has no attributes. */
static void set_end(struct compare_ends *ends, unsigned side,
	const struct tree_directory *directory, char *space, size_t capacity)
{
	ends->fd[side] = directory->fd;
	snprintf(space, capacity, "/proc/self/fd/%d/.", directory->fd);
	ends->path[side] = space;
}

static void compare_attributes_of(struct compare_subject *subject)
{
	char path[COMPARE_SIDES][32];
	struct compare_ends ends;

	set_end(&ends, COMPARE_SOURCE, subject->work->source, path[0], sizeof(path[0]));
	set_end(&ends, COMPARE_TARGET, subject->work->target, path[1], sizeof(path[1]));
	compare_attributes(subject, &ends);
}

static int compare_both(struct compare_subject *subject)
{
	const struct work *work = subject->work;
	struct stat status[COMPARE_SIDES];

	if (fstat(work->source->fd, &status[0]) || fstat(work->target->fd, &status[1]))
		return -errno;
	compare_status(subject, status);
	compare_attributes_of(subject);
	return 0;
}

/* Is there a directory at the destination? Reports what there is instead. 1, 0 or -errno. */
static int find_target(struct compare_subject *subject)
{
	const struct work *work = subject->work;
	struct stat status[COMPARE_SIDES] = {{.st_mode = S_IFDIR}};
	struct tree_directory *parent;
	const char *name;
	int error;

	if (!work->path.bytes)
		return 1; /* the root is held open: it exists */
	error = tree_open_parent(&subject->executor->tree, work->item->root, TREE_TARGET,
		work->path.data, work->path.bytes, &parent, &name);
	if (error)
		return error;
	if (fstatat(parent->fd, name, &status[1], AT_SYMLINK_NOFOLLOW))
		error = -errno;
	tree_give_back(&subject->executor->tree, parent);
	if (error == -ENOENT)
		compare_report_missing(subject, S_IFDIR);
	if (error)
		return error == -ENOENT ? 0 : error;
	return compare_types(subject, status);
}

/* 1: the source is to be listed; 0: it is to be left at that. */
static int compare(struct compare_subject *subject, enum wire_operation *ret_operation)
{
	int found = find_target(subject), error;

	*ret_operation = OPERATION_LIST_COPY;
	if (found <= 0)
		return found;
	error = compare_open_directories(subject->executor, subject->work, ret_operation);
	if (error)
		return error;
	if (!subject->work->path.bytes)
		sync_both(subject->executor, subject->work);
	*ret_operation = OPERATION_STAT_SOURCE;
	error = compare_both(subject);
	tree_give_back(&subject->executor->tree, subject->work->source);
	tree_give_back(&subject->executor->tree, subject->work->target);
	subject->work->source = NULL;
	subject->work->target = NULL;
	return error ? error : 1;
}

int compare_directory(struct executor *executor, struct work *work)
{
	struct compare_subject subject = {.executor = executor, .work = work};
	enum wire_operation operation;
	int more;

	/* What was reported must not be reported again. */
	if (!executor->slots.free[SLOT_LISTING])
		return -EAGAIN;
	if (work->list->position)
		return list_begin(executor, work);
	more = compare(&subject, &operation);
	if (more > 0) {
		executor_count(executor, work, HAUL_DIRECTORIES_DONE, 1);
		return list_begin(executor, work);
	}
	if (more < 0)
		executor_fail(executor, work, 0, operation, more);
	executor_done(executor, work);
	return 0;
}

/* ---- names that only the destination has ---- */

static void report_extra(struct executor *executor, const struct work *work, const char *name)
{
	const struct wire_text none[DIFFERENCE_SIDES] = {{"", 0}, {"", 0}};
	struct wire_difference difference = {
		.id = work->item->id,
		.kind = DIFFERENCE_ONLY_TARGET,
	};
	struct stat status;

	/* Gone meanwhile: then neither has it. */
	if (fstatat(work->target->fd, name, &status, AT_SYMLINK_NOFOLLOW))
		return;
	difference.value[COMPARE_TARGET][0] = status.st_mode;
	report_difference(
		&executor->report, &difference, (struct wire_text){name, strlen(name)}, none);
}

static int list_extra(struct executor *executor, struct work *work, struct listing *listing,
	enum wire_operation *ret_operation)
{
	int error = compare_open_directories(executor, work, ret_operation);
	struct stat status;

	if (error)
		return error;
	*ret_operation = OPERATION_LIST_COPY;
	if (work->target->unreadable)
		return -EACCES;
	error = listing_read(listing, work->target->fd, work->list->position);
	for (unsigned i = 0; i < listing->count && !error; i++)
		if (fstatat(work->source->fd, listing->entry[i].name, &status,
			    AT_SYMLINK_NOFOLLOW) &&
			errno == ENOENT)
			report_extra(executor, work, listing->entry[i].name);
	return error;
}

int compare_extra(struct executor *executor, struct work *work)
{
	struct wire_listed listed = {.id = work->item->id, .complete = 1};
	struct listing *listing = calloc(1, sizeof(*listing));
	enum wire_operation operation = OPERATION_LIST_COPY;
	int error = listing ? list_extra(executor, work, listing, &operation) : -ENOMEM;

	if (error)
		executor_fail(executor, work, 0, operation, error);
	else if (!listing->complete) {
		listed.complete = 0;
		listed.next_position = listing->next_position;
	}
	free(listing);
	report_put(&executor->report, WIRE_LISTED, &listed, sizeof(listed));
	executor_end_work(executor, work);
	return 0;
}
