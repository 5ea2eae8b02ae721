/* SPDX-License-Identifier: MIT */
/*
 * A fixed number of equal buffers. The memory is reserved at once and used as it is first touched;
 * the buffer given back last is handed out next, so that it is still in the processor's cache.
 */
#ifndef ENGINE_IO_BUFFER_POOL_H
#define ENGINE_IO_BUFFER_POOL_H

#include <stddef.h>
#include <stdint.h>

#define BUFFER_POOL_MAX 256

struct buffer_pool {
	uint8_t *memory;
	size_t buffer_bytes;
	unsigned count;
	unsigned free_count;
	uint16_t free[BUFFER_POOL_MAX]; /* a stack */
};

/* `buffer_bytes` is a multiple of the page size. 0 or -errno. */
int buffer_pool_open(struct buffer_pool *pool, unsigned count, size_t buffer_bytes);
void buffer_pool_close(struct buffer_pool *pool);

uint8_t *buffer_pool_take(struct buffer_pool *pool); /* NULL: all are in use */
void buffer_pool_give(struct buffer_pool *pool, uint8_t *buffer);

#endif
