/* SPDX-License-Identifier: MIT */
#include "io/close_batch.h"

#include <sys/syscall.h>
#include <unistd.h>

void close_batch_flush(struct close_batch *batch)
{
	unsigned first = (unsigned)batch->first;

	/* By number: C libraries before 2.34 don't know it, nor do kernels before 5.9. */
	if (batch->count > 1 && !syscall(SYS_close_range, first, first + batch->count - 1, 0))
		batch->count = 0;
	for (; batch->count; batch->count--)
		close((int)(first + batch->count - 1));
}

void close_batch_add(struct close_batch *batch, int fd)
{
	if (batch->count &&
		(fd != batch->first + (int)batch->count || batch->count >= CLOSE_BATCH_MAX))
		close_batch_flush(batch);
	if (!batch->count)
		batch->first = fd;
	batch->count++;
}
