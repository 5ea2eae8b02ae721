/* SPDX-License-Identifier: MIT */
#include "io/close_batch.h"

#include <sys/syscall.h>
#include <unistd.h>

static void close_run(const int *fd, unsigned count)
{
	/* By number: C libraries before 2.34 don't know it, nor do kernels before 5.9. */
	if (count > 1 && !syscall(SYS_close_range, (unsigned)fd[0], (unsigned)fd[count - 1], 0u))
		return;
	for (unsigned i = 0; i < count; i++)
		close(fd[i]);
}

void close_batch_flush(struct close_batch *batch)
{
	unsigned start = 0;

	for (unsigned i = 1; i <= batch->count; i++) {
		if (i < batch->count && batch->fd[i] == batch->fd[i - 1] + 1)
			continue;
		close_run(batch->fd + start, i - start);
		start = i;
	}
	batch->count = 0;
}

void close_batch_add(struct close_batch *batch, int fd)
{
	unsigned at;

	if (batch->count == CLOSE_BATCH_MAX)
		close_batch_flush(batch);
	for (at = batch->count; at && batch->fd[at - 1] > fd; at--)
		batch->fd[at] = batch->fd[at - 1];
	batch->fd[at] = fd;
	batch->count++;
}
