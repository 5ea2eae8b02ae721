/* SPDX-License-Identifier: MIT */
/*
 * Where the parts of a region are. Whoever maps one takes a private copy of its geometry, checked
 * against the size of the file, and never looks at the shared one again.
 *
 * Part of libhaul; its names begin with haul_ so that they can't clash with those of a program that
 * links it statically.
 */
#ifndef ENGINE_PROGRESS_LAYOUT_H
#define ENGINE_PROGRESS_LAYOUT_H

#include <stdint.h>

#include "haul/progress.h"

#define HAUL_RING_BYTES_MIN 4096u
#define HAUL_RING_BYTES_MAX (1u << 30)

struct haul_layout {
	uint64_t region_bytes;
	uint32_t header_bytes;
	uint32_t lane_count;
	uint32_t lane_stride_bytes;
	uint32_t ring_bytes;
};

/* What a region of this version with so many lanes looks like. -EINVAL: not within the limits. */
int haul_layout_make(uint32_t lane_count, uint32_t ring_bytes, struct haul_layout *ret_layout);

/* Reads the header of an open file and checks it: the version, the sizes, that the file is long
 * enough and that the names and arguments end. -EPROTO: no region that this version can read. */
int haul_layout_read(int fd, struct haul_layout *ret_layout, uint32_t *ret_abi_version);

/* Of a record, its header included. */
static inline uint64_t haul_record_bytes_max(uint32_t ring_bytes)
{
	return sizeof(struct haul_record) + ring_bytes / 4;
}

static inline const struct haul_lane *haul_layout_lane(
	const struct haul_layout *layout, const void *region, uint32_t lane)
{
	return (const struct haul_lane *)((const char *)region + layout->header_bytes +
					  (uint64_t)lane * layout->lane_stride_bytes);
}

static inline const uint64_t *haul_lane_ring(const struct haul_lane *lane)
{
	return (const uint64_t *)((const char *)lane + HAUL_PAGE_BYTES);
}

#endif
