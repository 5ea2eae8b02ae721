/* SPDX-License-Identifier: MIT */
#include "worker/sync_item.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* The root's own descriptor can't be synced when it only stands for its path. */
static int sync_filesystem(const struct tree_directory *directory)
{
	int fd = openat(directory->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error = 0;

	if (fd < 0)
		return -errno;
	if (syncfs(fd))
		error = -errno;
	close(fd);
	return error;
}

void sync_item(struct executor *executor, struct work *work)
{
	int error = tree_open(&executor->tree, work->item->root, TREE_TARGET, work->path.data,
		work->path.bytes, &work->target);

	if (!error)
		error = sync_filesystem(work->target);
	if (error)
		executor_fail(executor, work, 0, OPERATION_SYNC, error);
	executor_done(executor, work);
}
