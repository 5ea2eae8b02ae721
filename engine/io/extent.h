/* SPDX-License-Identifier: MIT */
/* Where a file has data, and where holes. */
#ifndef ENGINE_IO_EXTENT_H
#define ENGINE_IO_EXTENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct extent {
	uint64_t start;
	uint64_t end; /* behind its last byte */
};

/* The first data in [offset, end). Both ends are `end` when only a hole is left. Filesystems that
 * don't know holes have data everywhere. Moves the descriptor's position. */
int extent_next(int fd, uint64_t offset, uint64_t end, struct extent *ret_extent);

/* Fewer blocks than its size needs: it probably has holes. */
bool extent_is_sparse(const struct stat *status);

#endif
