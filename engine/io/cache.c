/* SPDX-License-Identifier: MIT */
#include "io/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Enough to tell a file that was read just now from one that was not. */
#define SAMPLES      16u
#define SAMPLE_BYTES (1u << 20)

static uint64_t page_bytes(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

int cache_look(int fd, uint64_t offset, uint64_t bytes, struct cache_view *ret_view)
{
	struct cache_view view = {.offset = offset};
	void *map = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, (off_t)offset);
	int error = 0;

	*ret_view = (struct cache_view){0};
	if (map == MAP_FAILED)
		return -errno;
	view.pages = (bytes + page_bytes() - 1) / page_bytes();
	view.page = malloc(view.pages);
	if (!view.page)
		error = -ENOMEM;
	else if (mincore(map, bytes, view.page))
		error = -errno;
	munmap(map, bytes);
	if (error)
		free(view.page);
	else
		*ret_view = view;
	return error;
}

static uint64_t cached_pages(const struct cache_view *view)
{
	uint64_t count = 0;

	for (uint64_t i = 0; i < view->pages; i++)
		count += view->page[i] & 1;
	return count;
}

int cache_estimate(int fd, uint64_t file_bytes, uint64_t *ret_bytes)
{
	uint64_t step = file_bytes / SAMPLES, cached = 0, pages = 0;
	uint64_t sample = step < SAMPLE_BYTES ? step : SAMPLE_BYTES;

	*ret_bytes = file_bytes;
	for (unsigned i = 0; i < SAMPLES && sample; i++) {
		uint64_t offset = i * step / page_bytes() * page_bytes();
		struct cache_view view;
		int error = cache_look(fd, offset, sample, &view);

		if (error)
			return error;
		cached += cached_pages(&view);
		pages += view.pages;
		cache_forget(&view);
	}
	if (pages)
		*ret_bytes = file_bytes / pages * cached;
	return 0;
}

static uint64_t run_end(const struct cache_view *view, uint64_t start)
{
	uint64_t end = start;

	while (end < view->pages && (view->page[end] & 1) == (view->page[start] & 1))
		end++;
	return end;
}

void cache_drop_new(const struct cache_view *view, int fd)
{
	uint64_t end;

	for (uint64_t start = 0; start < view->pages; start = end) {
		end = run_end(view, start);
		if (view->page[start] & 1)
			continue;
		(void)posix_fadvise(fd, (off_t)(view->offset + start * page_bytes()),
			(off_t)((end - start) * page_bytes()), POSIX_FADV_DONTNEED);
	}
}

void cache_forget(struct cache_view *view)
{
	free(view->page);
	*view = (struct cache_view){0};
}
