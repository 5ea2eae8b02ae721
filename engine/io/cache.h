/* SPDX-License-Identifier: MIT */
/* What of a file is in the page cache, so that reading it can leave that as it was. */
#ifndef ENGINE_IO_CACHE_H
#define ENGINE_IO_CACHE_H

#include <stdint.h>

/* How much of the file is cached, estimated from samples. All of it where the kernel doesn't tell:
 * it tells only those who own the file or may write to it. 0 or -errno. */
int cache_estimate(int fd, uint64_t file_bytes, uint64_t *ret_bytes);

/* What was cached of a part of a file at one moment. Zeroed knows nothing. */
struct cache_view {
	uint64_t offset; /* a multiple of the page size */
	uint64_t pages;
	unsigned char *page; /* as mincore(2) tells them; owned */
};

/* 0 or -errno; then the view knows nothing. `offset` is a multiple of the page size. */
int cache_look(int fd, uint64_t offset, uint64_t bytes, struct cache_view *ret_view);
/* Lets go of what was not cached then. */
void cache_drop_new(const struct cache_view *view, int fd);
void cache_forget(struct cache_view *view);

#endif
