/* SPDX-License-Identifier: MIT */
#include "io/extent.h"

#include <errno.h>
#include <unistd.h>

#define STAT_BLOCK_BYTES 512 /* stat(2): what st_blocks counts in, on every filesystem */

bool extent_is_sparse(const struct stat *status)
{
	return status->st_blocks < status->st_size / STAT_BLOCK_BYTES;
}

/* What a file that is being written to tells may make no sense: then the rest is data. */
static uint64_t data_end(int fd, uint64_t start, uint64_t end)
{
	off_t hole = lseek(fd, (off_t)start, SEEK_HOLE);

	return hole > (off_t)start && hole < (off_t)end ? (uint64_t)hole : end;
}

int extent_next(int fd, uint64_t offset, uint64_t end, struct extent *ret_extent)
{
	off_t data = lseek(fd, (off_t)offset, SEEK_DATA);

	if (data < 0 && errno == ENXIO)
		data = (off_t)end;
	else if (data < 0 && (errno == EINVAL || errno == EOPNOTSUPP))
		data = (off_t)offset;
	else if (data < 0)
		return -errno;
	if (data >= (off_t)end) {
		*ret_extent = (struct extent){end, end};
		return 0;
	}
	if (data < (off_t)offset)
		data = (off_t)offset;
	*ret_extent = (struct extent){(uint64_t)data, data_end(fd, (uint64_t)data, end)};
	return 0;
}
