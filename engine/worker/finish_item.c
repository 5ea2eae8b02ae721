/* SPDX-License-Identifier: MIT */
#include "worker/finish_item.h"

#include <errno.h>
#include <unistd.h>

static struct stat source_status(const struct wire_directory *directory)
{
	return (struct stat){
		.st_mode = directory->mode,
		.st_uid = directory->uid,
		.st_gid = directory->gid,
		.st_atim = {directory->accessed_sec, directory->accessed_nsec},
		.st_mtim = {directory->modified_sec, directory->modified_nsec},
	};
}

/* A directory that was there before keeps its mode, unless modes are to be kept. */
static struct metadata_wish directory_wish(
	const struct executor *executor, const struct wire_directory *directory, mode_t present)
{
	struct metadata_wish wish = executor->wish;

	if (!wish.mode && !directory->created)
		wish.umask = ~present;
	return wish;
}

static int apply(struct executor *executor, struct work *work)
{
	const struct wire_directory *directory = &work->finish->directory;
	struct stat source = source_status(directory), present;
	struct metadata_present known;
	struct metadata_result result;
	struct metadata_wish wish;
	int source_fd = work->source->unreadable ? -1 : work->source->fd;

	if (fstat(work->target->fd, &present))
		return -errno;
	known = (struct metadata_present){
		.uid = present.st_uid,
		.gid = present.st_gid,
		.mode = present.st_mode & 07777,
		.acl = true,
	};
	wish = directory_wish(executor, directory, present.st_mode);
	if (!wish.mode && !directory->created)
		source.st_mode = present.st_mode;
	if (!metadata_apply(&wish, source_fd, work->target->fd, &source, &known, &result))
		executor_warn_metadata(executor, work, 0, work->target->filesystem, &result);
	executor_keep_flags(executor, work, 0, source_fd, work->target->fd, 1);
	return 0;
}

static void finish(struct executor *executor, struct work *work)
{
	int error = apply(executor, work);

	if (error) {
		executor_fail(executor, work, 0, OPERATION_OPEN_TARGET, error);
		return;
	}
	executor_count(executor, work, HAUL_DIRECTORIES_DONE, 1);
}

void finish_item(struct executor *executor, struct work *work)
{
	enum wire_operation operation;
	int error = executor_open_directories(executor, work, &operation);

	if (error)
		executor_fail(executor, work, 0, operation, error);
	else
		finish(executor, work);
	executor_done(executor, work);
}
