/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "worker/part.h"

/* A name that is taken and free again, over and over, is no accident. */
#define ATTEMPTS_MAX 4

static enum wire_operation objection(const struct executor *executor, int found, int *ret_error)
{
	*ret_error = found;
	if (found < 0)
		return OPERATION_OPEN_TARGET;
	switch (found) {
	case TARGET_DIRECTORY:
		*ret_error = -EISDIR;
		return OPERATION_IS_DIRECTORY;
	case TARGET_SAME:
		*ret_error = -EEXIST;
		return OPERATION_CREATE;
	case TARGET_OTHER:
		*ret_error = -ELOOP;
		return executor->policy.force ? OPERATION_NONE : OPERATION_OPEN_TARGET;
	default:
		return OPERATION_NONE;
	}
}

static int look(const struct part *part, struct stat *ret_existing)
{
	return target_look(part->work->target->fd, part->target_name, &part->status, ret_existing);
}

int part_look(struct executor *executor, struct part *part, struct stat *ret_existing)
{
	int error, found = look(part, ret_existing);
	enum wire_operation refused = objection(executor, found, &error);

	if (refused && !executor->options.no_clobber) {
		part_fail(executor, part, refused, error);
		return -1;
	}
	return found < 0 ? TARGET_OTHER : found;
}

/* As when it is written to in place: what isn't kept from the source is the existing file's. */
static void keep_existing_metadata(
	const struct executor *executor, const struct part *part, const struct stat *existing)
{
	if (!executor->wish.owner &&
		fchown(part->temporary_fd, existing->st_uid, existing->st_gid) && errno != EPERM &&
		errno != EINVAL)
		return;
	if (!executor->wish.mode)
		(void)fchmod(part->temporary_fd, existing->st_mode & 07777);
}

void part_settle(struct executor *executor, struct part *part)
{
	struct metadata_present present;
	struct metadata_result result;
	struct stat existing, made;
	int found = look(part, &existing);

	if (fstat(part->temporary_fd, &made)) {
		executor_warn(executor, part->work, 0, OPERATION_SET_MODE, -errno);
		return;
	}
	present = (struct metadata_present){made.st_uid, made.st_gid, made.st_mode & 07777, true};
	if (!metadata_apply(&executor->wish, part->source_fd, part->temporary_fd, &part->status,
		    &present, &result))
		executor_warn_metadata(
			executor, part->work, 0, part->work->target->filesystem, &result);
	if (found == TARGET_OPENED)
		keep_existing_metadata(executor, part, &existing);
}

static int move_all(struct executor *executor, const struct part *part, int from, int to)
{
	struct transfer transfer = {
		.ops = &copy_plain,
		.pool = &executor->pool,
		.source_fd = from,
		.target_fd = to,
		.end = (uint64_t)part->status.st_size,
		.sparse = extent_is_sparse(&part->status),
	};
	int progress;

	if (transfer.sparse && ftruncate(to, part->status.st_size))
		return -errno;
	do
		progress = transfer_advance(&transfer);
	while (progress == TRANSFER_MORE);
	return progress;
}

/* The existing file has further names, which are to see the new content, too. */
static int write_in_place(struct executor *executor, struct part *part)
{
	struct target_policy policy = {.force = executor->policy.force};
	struct target target = {
		.directory_fd = part->work->target->fd,
		.name = part->target_name,
		.filesystem = part->work->target->filesystem,
		.fd = TARGET_NONE,
	};
	struct stat existing;
	char path[32];
	int error, from, found;

	found = target_open_existing(&target, policy, &part->status, &existing);
	if (found != TARGET_OPENED)
		return found < 0 ? found : -EEXIST; /* it changed: look again */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", part->temporary_fd);
	from = open(path, O_RDONLY | O_CLOEXEC);
	if (from < 0) {
		error = -errno;
		target_abandon(&target);
		return error;
	}
	error = move_all(executor, part, from, target.fd);
	close(from);
	if (error) {
		target_abandon(&target);
		return error;
	}
	close(part->temporary_fd);
	part->temporary_fd = target.fd;
	part_settle(executor, part);
	part_remove_temporary(part);
	return 0;
}

static int replace(const struct part *part)
{
	int fd = part->work->target->fd;

	return renameat(fd, part->temporary, fd, part->target_name) ? -errno : 0;
}

static int name_new(const struct part *part)
{
	return target_rename_exclusive(part->work->target->filesystem, part->work->target->fd,
		part->temporary, part->target_name);
}

/* One try. -EEXIST: something else is under the name by now. */
static int try_publish(struct executor *executor, struct part *part, bool *ret_skipped,
	enum wire_operation *ret_operation)
{
	struct stat existing;
	int error = 0, found = look(part, &existing);

	*ret_operation = OPERATION_PUBLISH;
	if (found == TARGET_ABSENT)
		return name_new(part);
	if (executor->options.no_clobber) {
		*ret_skipped = true;
		part_remove_temporary(part);
		return 0;
	}
	*ret_operation = objection(executor, found, &error);
	if (*ret_operation)
		return error;
	*ret_operation = OPERATION_PUBLISH;
	if (found == TARGET_OPENED && existing.st_nlink > 1 && !executor->policy.replace_links)
		return write_in_place(executor, part);
	return replace(part);
}

bool part_publish(struct executor *executor, struct part *part, bool *ret_skipped)
{
	enum wire_operation operation;
	int error;

	*ret_skipped = false;
	for (unsigned i = 0; i < ATTEMPTS_MAX; i++) {
		error = try_publish(executor, part, ret_skipped, &operation);
		if (error != -EEXIST || operation != OPERATION_PUBLISH)
			break;
	}
	if (!error)
		return true;
	part_remove_temporary(part);
	part_fail(executor, part, operation, error);
	return false;
}
