/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <unistd.h>

#include "io/xattr.h"
#include "worker/durable.h"
#include "worker/explain.h"
#include "worker/file.h"
#include "worker/moved.h"

/* A name that is taken and free again, over and over, is no accident. */
#define ATTEMPTS_MAX 4

/* The owner that a new file gets is the same for all in a directory (its own, or the group of the
 * directory, or what a server maps them to), so one look at the first tells. */
static int learn_owner(struct tree_habits *habits, int fd)
{
	struct stat status;

	if (fstat(fd, &status))
		return -errno;
	habits->uid = status.st_uid;
	habits->gid = status.st_gid;
	habits->known = true;
	return 0;
}

/* With a default ACL the kernel leaves the umask to that. Attributes of the user's own can be set
 * only where the mode lets the user write. */
static mode_t creation_mode(
	const struct executor *executor, const struct tree_habits *habits, mode_t source)
{
	if (!executor->wish.mode && habits->default_acl)
		return executor->wish.default_mode ? 0666 : source & 0777;
	if (executor->wish.xattr && !executor->wish.privileged)
		source |= 0600;
	return metadata_mode(&executor->wish, source);
}

static int create(struct executor *executor, struct file *file)
{
	struct tree_directory *directory = file->work->target;
	struct tree_habits *habits = &directory->habits;
	mode_t asked, got = 0;
	int error;

	if (!habits->known)
		habits->default_acl = xattr_has_default_acl(directory->fd);
	asked = creation_mode(executor, habits, file->status.st_mode);
	/* Nobody knows when what is poured ends: it is there to be seen from the beginning. */
	if (file->pouring && file->verdict == OVERWRITE_CREATE)
		error = target_create_named(&file->target, &got);
	else
		error = target_create(&file->target, asked, &got);
	if (!error && !habits->known)
		error = learn_owner(habits, file->target.fd);
	if (error)
		return error;
	/* What a default ACL made of it is as it should be. */
	if (!executor->wish.mode && habits->default_acl && got == asked)
		got = metadata_mode(&executor->wish, asked);
	file->present = (struct metadata_present){
		.uid = habits->uid,
		.gid = habits->gid,
		.mode = got,
		.acl = habits->default_acl,
	};
	return 0;
}

static bool is_copy(const struct stat *source, const struct stat *existing)
{
	return S_ISREG(existing->st_mode) && existing->st_size == source->st_size &&
	       existing->st_mtim.tv_sec == source->st_mtim.tv_sec &&
	       existing->st_mtim.tv_nsec == source->st_mtim.tv_nsec;
}

/* What is under the name after a worker died over the item was most likely copied by that: times
 * are set last. It must not be written to again, since it is whole. */
static bool was_copied(const struct executor *executor, const struct file *file)
{
	struct stat existing;
	int found;

	if (moved_copy_stands(
		    executor, file->work, file->name.data, file->target.name, &file->status))
		return true;
	if (!(file->work->item->flags & ITEM_RETRIED))
		return false;
	found = target_look(file->target.directory_fd, file->target.name, &file->status, &existing);
	/* What an earlier run left may have lost its content with the power. */
	return found == TARGET_OPENED && durable_is_of_this_run(executor, &existing) &&
	       is_copy(&file->status, &existing);
}

static void count_content(struct executor *executor, struct file *file, uint64_t bytes)
{
	if (file->counted)
		return;
	executor_count(executor, file->work, HAUL_BYTES_READ, bytes);
	executor_count(executor, file->work, HAUL_BYTES_ACCEPTED, bytes);
	file->counted = true;
}

static enum overwrite_verdict decide(struct executor *executor, struct file *file)
{
	file->overwrite = (struct overwrite){
		.work = file->work,
		.index = file->entry->index,
		.flags = file->entry->flags,
		.source_name = file->name,
		.target_name = file->target_name,
		.source = &file->status,
		.content = true,
	};
	file->verdict = overwrite_decide(executor, &file->overwrite);
	return file->verdict;
}

/* Opening what exists failed. It changed since it was looked at, or can't be written to: with force
 * it is replaced. */
static bool opening_failed(struct executor *executor, struct file *file, int found)
{
	file->verdict = OVERWRITE_CREATE;
	if (found == TARGET_ABSENT)
		return true;
	file->verdict = OVERWRITE_REPLACE;
	if (found != TARGET_SAME && executor->policy.force)
		return true;
	file_fail(executor, file,
		found == TARGET_SAME ? OPERATION_SAME_FILE : OPERATION_OPEN_TARGET,
		found < 0 ? found : -ELOOP);
	return false;
}

static bool write_into_existing(struct executor *executor, struct file *file)
{
	struct target_manner manner = {
		.follow = file->overwrite.through,
		.keep_content = executor->options.attributes_only,
		.special = !S_ISREG(file->overwrite.existing.st_mode) &&
			   !S_ISLNK(file->overwrite.existing.st_mode),
	};
	struct stat status;
	int found;

	if (S_ISLNK(file->overwrite.existing.st_mode)) {
		manner.create_mode =
			creation_mode(executor, &file->work->target->habits, file->status.st_mode);
		manner.create = true;
	}
	found = target_open_existing(&file->target, manner, &file->status, &status);

	if (found != TARGET_OPENED)
		return opening_failed(executor, file, found);
	file->pouring = file->pouring || !S_ISREG(status.st_mode);
	file->present = (struct metadata_present){
		.uid = status.st_uid,
		.gid = status.st_gid,
		.mode = status.st_mode & 07777,
		.acl = true,
		.keep_mode = true,
	};
	return true;
}

/* Something has the name. False: the file is over. */
static bool open_existing(struct executor *executor, struct file *file)
{
	if (was_copied(executor, file)) {
		count_content(executor, file, (uint64_t)file->status.st_size);
		file_done(executor, file);
		return false;
	}
	decide(executor, file);
	if (overwrite_is_final(file->verdict)) {
		file_left(executor, file);
		return false;
	}
	return file->verdict != OVERWRITE_WRITE || write_into_existing(executor, file);
}

bool file_open_target(struct executor *executor, struct file *file)
{
	int error;

	file->verdict = OVERWRITE_CREATE;
	if ((file->blocked || file->work->target->habits.collides) &&
		!open_existing(executor, file))
		return false;
	if (file->verdict == OVERWRITE_WRITE)
		return true;
	error = create(executor, file);
	if (error)
		file_fail(executor, file, OPERATION_CREATE, error);
	return !error;
}

void file_store(struct executor *executor, struct file *file)
{
	int error;

	if (executor->options.sums) {
		file->sum = checksum_of(file->buffer, file->filled);
		file->summed = true;
	}
	if (!file_open_target(executor, file))
		return;
	if (file->pouring) {
		file_pour(executor, file);
		return;
	}
	error = transfer_write(file->target.fd, file->buffer, file->filled, 0);
	if (error) {
		file_fail(executor, file, OPERATION_WRITE, error);
		return;
	}
	count_content(executor, file, file->filled);
	explain_small(executor, file->work, file->entry->index);
	file_settle(executor, file);
}

void file_store_attributes(struct executor *executor, struct file *file)
{
	file->counted = true;
	if (file_open_target(executor, file))
		file_settle(executor, file);
}

/* Something exists under the name: then that is what must be written to, or made to go. */
static void store_again(struct executor *executor, struct file *file)
{
	target_abandon(&file->target);
	file->work->target->habits.collides = true;
	file->blocked = true;
	if (++file->attempts >= ATTEMPTS_MAX || file->pouring)
		file_fail(executor, file, OPERATION_PUBLISH, -EEXIST);
	else if (executor->options.attributes_only)
		file_store_attributes(executor, file);
	else if (file->buffer)
		file_store(executor, file);
	else
		file_stream_again(executor, file);
}

static int publish_backed_up(struct executor *executor, struct file *file)
{
	char backup[BACKUP_NAME_BYTES];
	int error = overwrite_back_up(executor, &file->overwrite, backup);

	if (error)
		return error;
	error = target_publish(&file->target);
	if (error && error != -EEXIST)
		overwrite_restore(&file->overwrite, backup);
	return error;
}

static int give_name(struct executor *executor, struct file *file)
{
	int error;

	switch (file->verdict) {
	case OVERWRITE_BACK_UP:
		return publish_backed_up(executor, file);
	case OVERWRITE_REPLACE:
		error = target_publish_over(&file->target);
		if (!error)
			overwrite_report_removed(executor, &file->overwrite);
		return error;
	default:
		return target_publish(&file->target);
	}
}

static void publish(struct executor *executor, struct file *file)
{
	/* The filesystems that can make a file without a name have nothing to say at a close. */
	bool flush = file->target.kind != TARGET_UNNAMED;
	int error = flush ? target_flush(file->target.fd) : 0;

	if (error) {
		file_fail(executor, file, OPERATION_WRITE, error);
		return;
	}
	error = give_name(executor, file);
	if (error == -EEXIST) {
		store_again(executor, file);
		return;
	}
	if (error) {
		file_fail(executor, file, OPERATION_PUBLISH, error);
		return;
	}
	executor_keep_flags(executor, file->work, file->entry->index, file->source_fd,
		file->target.fd, file->status.st_nlink);
	error = target_close(&file->target);
	if (error)
		file_fail(executor, file, OPERATION_WRITE, error);
	else
		file_done(executor, file);
}

void file_settle(struct executor *executor, struct file *file)
{
	struct metadata_result result;

	if (!metadata_apply(&executor->wish, file->source_fd, file->target.fd, &file->status,
		    &file->present, &result))
		executor_warn_metadata(
			executor, file->work, file->entry->index, file->target.filesystem, &result);
	publish(executor, file);
}
