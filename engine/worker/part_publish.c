/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "worker/part.h"

/* A name that is taken and free again, over and over, is no accident. */
#define ATTEMPTS_MAX 4

enum overwrite_verdict part_decide(struct executor *executor, struct part *part)
{
	part->overwrite = (struct overwrite){
		.work = part->work,
		.flags = part->work->large->entry_flags,
		.source_name = part->name,
		.target_name = part->target_name,
		.source = &part->status,
		.content = true,
	};
	return overwrite_decide(executor, &part->overwrite);
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
	enum overwrite_verdict verdict = part_decide(executor, part);
	struct stat made;

	if (fstat(part->temporary_fd, &made)) {
		executor_warn(executor, part->work, 0, OPERATION_SET_MODE, -errno);
		return;
	}
	present = (struct metadata_present){
		.uid = made.st_uid,
		.gid = made.st_gid,
		.mode = made.st_mode & 07777,
		.acl = true,
	};
	if (!metadata_apply(&executor->wish, part->source_fd, part->temporary_fd, &part->status,
		    &present, &result))
		executor_warn_metadata(
			executor, part->work, 0, part->work->target->filesystem, &result);
	if (verdict == OVERWRITE_WRITE)
		keep_existing_metadata(executor, part, &part->overwrite.existing);
}

static int move_all(struct executor *executor, const struct part *part, int from, int to)
{
	struct transfer transfer = {
		.ops = &copy_plain,
		.pool = &executor->pool,
		.source_fd = from,
		.target_fd = to,
		.manner = transfer_usual,
		.end = (uint64_t)part->status.st_size,
		.sparse = executor_keeps_holes(executor, &part->status),
	};
	int progress;

	if (transfer.sparse && ftruncate(to, part->status.st_size))
		return -errno;
	do
		progress = transfer_advance(&transfer);
	while (progress == TRANSFER_MORE);
	return progress;
}

static int copy_into(struct executor *executor, struct part *part, struct target *target)
{
	char path[32];
	int error, from;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", part->temporary_fd);
	from = open(path, O_RDONLY | O_CLOEXEC);
	if (from < 0)
		return -errno;
	error = move_all(executor, part, from, target->fd);
	close(from);
	return error;
}

/* The existing file has further names, or is behind a symlink: it gets the new content itself. */
static int write_in_place(struct executor *executor, struct part *part)
{
	struct target_manner manner = {
		.follow = part->overwrite.through,
		.create = S_ISLNK(part->overwrite.existing.st_mode),
		.create_mode = metadata_mode(&executor->wish, part->status.st_mode),
	};
	struct target target = {
		.directory_fd = part->work->target->fd,
		.name = part->target_name,
		.filesystem = part->work->target->filesystem,
		.fd = TARGET_NONE,
	};
	struct stat existing;
	int error, found;

	found = target_open_existing(&target, manner, &part->status, &existing);
	if (found != TARGET_OPENED)
		return found < 0 ? found : -EEXIST; /* it changed: look again */
	error = copy_into(executor, part, &target);
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

static int name_backed_up(struct executor *executor, struct part *part)
{
	char backup[BACKUP_NAME_BYTES];
	int error = overwrite_back_up(executor, &part->overwrite, backup);

	if (error)
		return error;
	error = name_new(part);
	if (error)
		overwrite_restore(&part->overwrite, backup);
	return error;
}

/* A single name without an inode of its own to keep can be replaced, which is quick and never
 * leaves half a file. */
static int overwrite_existing(struct executor *executor, struct part *part)
{
	int error;

	if (part->overwrite.through || part->overwrite.existing.st_nlink > 1) {
		error = write_in_place(executor, part);
		if (error != -EACCES && error != -EPERM && error != -ETXTBSY)
			return error;
		if (!executor->policy.force)
			return error;
	}
	return replace(part);
}

/* One try. -EEXIST: something else is under the name by now. */
static int try_publish(
	struct executor *executor, struct part *part, enum overwrite_verdict *ret_verdict)
{
	int error;

	*ret_verdict = part_decide(executor, part);
	switch (*ret_verdict) {
	case OVERWRITE_CREATE:
		return name_new(part);
	case OVERWRITE_WRITE:
		return overwrite_existing(executor, part);
	case OVERWRITE_REPLACE:
		error = replace(part);
		if (!error)
			overwrite_report_removed(executor, &part->overwrite);
		return error;
	case OVERWRITE_BACK_UP:
		return name_backed_up(executor, part);
	default:
		return 0;
	}
}

/* Was it the temporary file that got the name? It is known by a name only, too. */
static bool is_named(const struct part *part)
{
	struct stat named, made;

	if (!part->work->target->filesystem->lasting_inodes || part->overwrite.through)
		return true;
	return !fstatat(part->work->target->fd, part->target_name, &named, AT_SYMLINK_NOFOLLOW) &&
	       !fstat(part->temporary_fd, &made) && named.st_ino == made.st_ino;
}

bool part_publish(struct executor *executor, struct part *part)
{
	enum overwrite_verdict verdict;
	int error;

	for (unsigned i = 0; i < ATTEMPTS_MAX; i++) {
		error = try_publish(executor, part, &verdict);
		if (error != -EEXIST)
			break;
	}
	if (!error && !overwrite_is_final(verdict) && !is_named(part))
		error = -ESTALE;
	if (!error && !overwrite_is_final(verdict)) {
		executor_keep_flags(executor, part->work, 0, part->source_fd, part->temporary_fd,
			part->status.st_nlink);
		return true;
	}
	part_remove_temporary(part);
	if (error) {
		part_fail(executor, part, OPERATION_PUBLISH, error);
		return false;
	}
	overwrite_report(executor, &part->overwrite, verdict);
	part_done(executor, part);
	return false;
}
