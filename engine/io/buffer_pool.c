/* SPDX-License-Identifier: MIT */
#include "io/buffer_pool.h"

#include <assert.h>
#include <errno.h>
#include <sys/mman.h>

int buffer_pool_open(struct buffer_pool *pool, unsigned count, size_t buffer_bytes)
{
	void *memory;

	assert(count <= BUFFER_POOL_MAX);
	memory = mmap(NULL, count * buffer_bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return -errno;
	pool->memory = memory;
	pool->buffer_bytes = buffer_bytes;
	pool->count = count;
	pool->free_count = count;
	for (unsigned i = 0; i < count; i++)
		pool->free[i] = (uint16_t)(count - 1 - i);
	return 0;
}

void buffer_pool_close(struct buffer_pool *pool)
{
	if (pool->memory)
		munmap(pool->memory, pool->count * pool->buffer_bytes);
	pool->memory = NULL;
}

uint8_t *buffer_pool_take(struct buffer_pool *pool)
{
	if (!pool->free_count)
		return NULL;
	return pool->memory + pool->free[--pool->free_count] * pool->buffer_bytes;
}

void buffer_pool_give(struct buffer_pool *pool, uint8_t *buffer)
{
	size_t index = (size_t)(buffer - pool->memory) / pool->buffer_bytes;

	assert(index < pool->count && pool->free_count < pool->count);
	pool->free[pool->free_count++] = (uint16_t)index;
}
