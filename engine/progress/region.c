/* SPDX-License-Identifier: MIT */
#include "progress/region.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "progress/backing.h"
#include "progress/bell.h"
#include "progress/discover.h"
#include "progress/layout.h"
#include "util/clock.h"

#define NAME_TRIES        16
#define NAME_RANDOM_BYTES 6

static uint64_t realtime_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void *map_region(int fd, uint64_t bytes)
{
	return mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

/* ---- what is written once ---- */

static void fill_arguments(struct haul_header *header, const struct region_spec *spec)
{
	size_t used = 0;

	for (unsigned i = 0; i < spec->argument_count; i++) {
		size_t bytes = strlen(spec->arguments[i]) + 1;

		if (bytes > sizeof(header->arguments) - used) {
			header->arguments_cut = 1;
			return;
		}
		memcpy(header->arguments + used, spec->arguments[i], bytes);
		used += bytes;
		header->argument_count++;
	}
}

static void fill_header(struct haul_header *header, const struct region_spec *spec,
	const struct haul_layout *layout)
{
	header->magic = HAUL_MAGIC;
	header->abi_version = HAUL_ABI_VERSION;
	header->abi_compatible = HAUL_ABI_COMPATIBLE;
	header->header_bytes = layout->header_bytes;
	header->lane_count = layout->lane_count;
	header->lane_stride_bytes = layout->lane_stride_bytes;
	header->ring_bytes = layout->ring_bytes;
	header->region_bytes = layout->region_bytes;
	header->start_realtime_ns = realtime_ns();
	header->start_monotonic_ns = clock_monotonic_ns();
	header->coordinator_pid = (int32_t)getpid();
	header->uid = geteuid();
	memcpy(header->operation, spec->operation, strlen(spec->operation));
	fill_arguments(header, spec);
}

/* ---- the name ---- */

static int make_name(const char *operation, char ret_job[HAUL_JOB_BYTES])
{
	static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned char random[NAME_RANDOM_BYTES];
	int length = snprintf(ret_job, HAUL_JOB_BYTES, "%s-", operation);

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -errno;
	for (unsigned i = 0; i < NAME_RANDOM_BYTES; i++)
		ret_job[length++] = base32[random[i] % 32];
	ret_job[length] = 0;
	return 0;
}

static int publish_given(const struct backing *backing, struct haul_header *header, const char *job)
{
	memcpy(header->job, job, strlen(job));
	return backing_publish(backing, job);
}

static int publish_made(const struct backing *backing, struct haul_header *header)
{
	int error = -EEXIST;

	for (unsigned try = 0; try < NAME_TRIES && error == -EEXIST; try++) {
		error = make_name(header->operation, header->job);
		if (!error)
			error = backing_publish(backing, header->job);
	}
	return error;
}

_Static_assert(REGION_PATH_BYTES >= BACKING_DIRECTORY_BYTES + HAUL_FILE_BYTES, "any path fits");

static void fill_path(const struct backing *backing, struct region *region)
{
	char file[HAUL_FILE_BYTES];

	region->named = backing->directory_fd >= 0;
	if (!region->named)
		return;
	haul_job_file(region->header->job, file);
	snprintf(region->path, sizeof(region->path), "%s/%s", backing->directory, file);
}

static int check_spec(const struct region_spec *spec)
{
	const struct haul_header *header = NULL;

	if (spec->job && !haul_job_name_valid(spec->job))
		return -EINVAL;
	if (!haul_job_name_valid(spec->operation))
		return -EINVAL;
	return strlen(spec->operation) < sizeof(header->operation) ? 0 : -EINVAL;
}

static int publish(
	const struct region_spec *spec, const struct backing *backing, struct region *region)
{
	return spec->job ? publish_given(backing, region->header, spec->job)
			 : publish_made(backing, region->header);
}

int region_create(const struct region_spec *spec, struct region *ret_region)
{
	struct region region = {.lock_fd = -1, .inherit_fd = -1};
	struct haul_layout layout;
	struct backing backing;
	int error = check_spec(spec);

	if (error)
		return error;
	error = haul_layout_make(spec->lane_count,
		spec->ring_bytes ? spec->ring_bytes : REGION_RING_BYTES_DEFAULT, &layout);
	if (error)
		return error;
	error = backing_open(layout.region_bytes, &backing);
	if (error)
		return error;
	region.map_bytes = layout.region_bytes;
	region.header = map_region(backing.inherit_fd, layout.region_bytes);
	if (region.header == MAP_FAILED) {
		error = -errno;
		goto out_backing;
	}
	fill_header(region.header, spec, &layout);
	error = publish(spec, &backing, &region);
	if (error)
		goto out_map;
	fill_path(&backing, &region);
	region.lock_fd = backing.lock_fd;
	region.inherit_fd = backing.inherit_fd;
	backing.lock_fd = -1;
	backing.inherit_fd = -1;
	*ret_region = region;
	error = 0;
	goto out_backing;
out_map:
	munmap(region.header, region.map_bytes);
out_backing:
	backing_close(&backing);
	return error;
}

int region_map(int fd, struct region *ret_region)
{
	struct region region = {.lock_fd = -1, .inherit_fd = fd};
	struct haul_layout layout;
	uint32_t abi_version;
	int error = haul_layout_read(fd, &layout, &abi_version);

	if (error)
		return error;
	if (abi_version != HAUL_ABI_VERSION || layout.header_bytes != HAUL_PAGE_BYTES)
		return -EPROTO;
	region.map_bytes = layout.region_bytes;
	region.header = map_region(fd, layout.region_bytes);
	if (region.header == MAP_FAILED)
		return -errno;
	*ret_region = region;
	return 0;
}

void region_close(struct region *region)
{
	munmap(region->header, region->map_bytes);
	close(region->inherit_fd);
	if (region->lock_fd >= 0)
		close(region->lock_fd);
	*region = (struct region){.lock_fd = -1, .inherit_fd = -1};
}

void region_remove(struct region *region)
{
	/* A name that someone else removed already is gone all the same. */
	if (region->named)
		(void)unlink(region->path);
	region_close(region);
}

/* ---- what changes ---- */

void region_set_planning_done(struct region *region)
{
	/* Pairs with the acquire in haul_reader_totals: who sees it sees the final counters. */
	__atomic_store_n(&region->header->planning_done, 1, __ATOMIC_RELEASE);
	bell_ring(region->header);
}

void region_set_planning_begun(struct region *region)
{
	__atomic_store_n(&region->header->planning_done, 0, __ATOMIC_RELEASE);
}

void region_set_unwritten(struct region *region, uint64_t bytes)
{
	if (__atomic_exchange_n(&region->header->unwritten_bytes, bytes, __ATOMIC_RELAXED) != bytes)
		bell_ring(region->header);
}

void region_set_waiting(struct region *region, const char *what)
{
	char *text = region->header->waits_for;
	size_t bytes = strnlen(what, sizeof(region->header->waits_for) - 1);

	/* A reader meanwhile may see some of both, but always a NUL: the last byte is never set. */
	memcpy(text, what, bytes);
	memset(text + bytes, 0, sizeof(region->header->waits_for) - bytes);
}

void region_set_state(struct region *region, enum haul_state state, int exit_status)
{
	struct haul_job_state body = {.state = state, .exit_status = exit_status};
	struct iovec part = {.iov_base = &body, .iov_len = sizeof(body)};
	struct lane lane;

	/* The record comes first, so that who sees a final state finds it in the ring. */
	if (!lane_open(region, 0, HAUL_ROLE_COORDINATOR, &lane))
		(void)lane_append(&lane, HAUL_RECORD_JOB_STATE, clock_monotonic_ns(), &part, 1);
	__atomic_store_n(&region->header->exit_status, exit_status, __ATOMIC_RELAXED);
	/* Pairs with the acquire in haul_reader_totals and haul_reader_wait. */
	__atomic_store_n(&region->header->state, state, __ATOMIC_RELEASE);
	bell_ring(region->header);
}

void region_show_state(struct region *region, enum haul_state state)
{
	/* Pairs with the acquire in haul_reader_totals. */
	__atomic_store_n(&region->header->state, state, __ATOMIC_RELEASE);
	bell_ring(region->header);
}
