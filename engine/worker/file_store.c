/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <unistd.h>

#include "io/xattr.h"
#include "worker/durable.h"
#include "worker/file.h"

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
	error = target_create(&file->target, asked, &got);
	if (!error && !habits->known)
		error = learn_owner(habits, file->target.fd);
	if (error)
		return error;
	/* What a default ACL made of it is as it should be. */
	if (!executor->wish.mode && habits->default_acl && got == asked)
		got = metadata_mode(&executor->wish, asked);
	file->present =
		(struct metadata_present){habits->uid, habits->gid, got, habits->default_acl};
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

/* TARGET_ABSENT: create it. Anything else: the file is over. */
static int keep_existing(struct executor *executor, struct file *file)
{
	struct stat existing;
	int found =
		target_look(file->target.directory_fd, file->target.name, &file->status, &existing);

	if (found == TARGET_ABSENT)
		return found;
	if (found < 0)
		file_fail(executor, file, OPERATION_CREATE, found);
	else
		file_skip(executor, file);
	return TARGET_OTHER;
}

static bool refuse(struct executor *executor, struct file *file, int found)
{
	switch (found) {
	case TARGET_DIRECTORY:
		file_fail(executor, file, OPERATION_IS_DIRECTORY, -EISDIR);
		break;
	case TARGET_SAME:
		file_fail(executor, file, OPERATION_CREATE, -EEXIST);
		break;
	case TARGET_OTHER:
		file_fail(executor, file, OPERATION_OPEN_TARGET, -ELOOP);
		break;
	default:
		file_fail(executor, file, OPERATION_OPEN_TARGET, found);
		break;
	}
	return false;
}

/* Opens what exists. *ret_absent: nothing does (any more). False: the file is over. */
static bool open_existing(struct executor *executor, struct file *file, bool *ret_absent)
{
	struct stat status;
	int found;

	*ret_absent = false;
	if (was_copied(executor, file)) {
		count_content(executor, file, (uint64_t)file->status.st_size);
		file_done(executor, file);
		return false;
	}
	if (executor->options.no_clobber) {
		*ret_absent = keep_existing(executor, file) == TARGET_ABSENT;
		return *ret_absent;
	}
	found = target_open_existing(&file->target, executor->policy, &file->status, &status);
	if (found == TARGET_ABSENT) {
		*ret_absent = true;
		return true;
	}
	if (found != TARGET_OPENED)
		return refuse(executor, file, found);
	file->present = (struct metadata_present){
		status.st_uid, status.st_gid, status.st_mode & 07777, true};
	return true;
}

bool file_open_target(struct executor *executor, struct file *file)
{
	bool absent = true;
	int error;

	if ((file->blocked || file->work->target->habits.collides) &&
		!open_existing(executor, file, &absent))
		return false;
	if (!absent)
		return true;
	error = create(executor, file);
	if (error)
		file_fail(executor, file, OPERATION_CREATE, error);
	return !error;
}

void file_store(struct executor *executor, struct file *file)
{
	int error;

	if (!file_open_target(executor, file))
		return;
	error = transfer_write(file->target.fd, file->buffer, file->filled, 0);
	if (error) {
		file_fail(executor, file, OPERATION_WRITE, error);
		return;
	}
	count_content(executor, file, file->filled);
	file_settle(executor, file);
}

/* Something exists under the name: then that is what must be written to, or made to go. */
static void store_again(struct executor *executor, struct file *file)
{
	target_abandon(&file->target);
	file->work->target->habits.collides = true;
	file->blocked = true;
	if (++file->attempts >= ATTEMPTS_MAX)
		file_fail(executor, file, OPERATION_PUBLISH, -EEXIST);
	else if (file->buffer)
		file_store(executor, file);
	else
		file_stream_again(executor, file);
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
	error = target_publish(&file->target);
	if (error == -EEXIST) {
		store_again(executor, file);
		return;
	}
	if (error) {
		file_fail(executor, file, OPERATION_PUBLISH, error);
		return;
	}
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
