/* SPDX-License-Identifier: MIT */
#include "progress/layout.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_power_of_two(uint32_t value)
{
	return value && !(value & (value - 1));
}

static bool limits_hold(uint32_t lane_count, uint32_t ring_bytes)
{
	return lane_count >= 1 && lane_count <= HAUL_LANES_MAX && is_power_of_two(ring_bytes) &&
	       ring_bytes >= HAUL_RING_BYTES_MIN && ring_bytes <= HAUL_RING_BYTES_MAX;
}

static uint64_t region_bytes(uint32_t header_bytes, uint32_t lane_count, uint32_t ring_bytes)
{
	return header_bytes + (uint64_t)lane_count * (HAUL_PAGE_BYTES + ring_bytes);
}

int haul_layout_make(uint32_t lane_count, uint32_t ring_bytes, struct haul_layout *ret_layout)
{
	if (!limits_hold(lane_count, ring_bytes))
		return -EINVAL;
	*ret_layout = (struct haul_layout){
		.region_bytes = region_bytes(HAUL_PAGE_BYTES, lane_count, ring_bytes),
		.header_bytes = HAUL_PAGE_BYTES,
		.lane_count = lane_count,
		.lane_stride_bytes = HAUL_PAGE_BYTES + ring_bytes,
		.ring_bytes = ring_bytes,
	};
	return 0;
}

static bool version_is_readable(const struct haul_header *header)
{
	/* Older regions than this library stay readable; newer ones say whether they are. */
	return header->abi_version > 0 && header->abi_compatible <= header->abi_version &&
	       header->abi_compatible <= HAUL_ABI_VERSION;
}

static bool sizes_agree(const struct haul_header *header, uint64_t file_bytes)
{
	if (!limits_hold(header->lane_count, header->ring_bytes))
		return false;
	if (header->header_bytes < HAUL_PAGE_BYTES || header->header_bytes % HAUL_PAGE_BYTES)
		return false;
	if (header->lane_stride_bytes != HAUL_PAGE_BYTES + header->ring_bytes)
		return false;
	return header->region_bytes ==
		       region_bytes(header->header_bytes, header->lane_count, header->ring_bytes) &&
	       header->region_bytes <= file_bytes;
}

static bool texts_end(const struct haul_header *header)
{
	const char *at = header->arguments;
	size_t left = sizeof(header->arguments);

	if (!memchr(header->job, 0, sizeof(header->job)) ||
		!memchr(header->operation, 0, sizeof(header->operation)))
		return false;
	for (uint32_t i = 0; i < header->argument_count; i++) {
		const char *end = memchr(at, 0, left);

		if (!end)
			return false;
		left -= (size_t)(end + 1 - at);
		at = end + 1;
	}
	return true;
}

int haul_layout_read(int fd, struct haul_layout *ret_layout, uint32_t *ret_abi_version)
{
	struct haul_header header;
	struct stat status;
	ssize_t got;

	if (fstat(fd, &status))
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EPROTO;
	got = pread(fd, &header, sizeof(header), 0);
	if (got < 0)
		return -errno;
	if (got != (ssize_t)sizeof(header) || header.magic != HAUL_MAGIC)
		return -EPROTO;
	if (!version_is_readable(&header) || !sizes_agree(&header, (uint64_t)status.st_size) ||
		!texts_end(&header))
		return -EPROTO;
	*ret_layout = (struct haul_layout){
		.region_bytes = header.region_bytes,
		.header_bytes = header.header_bytes,
		.lane_count = header.lane_count,
		.lane_stride_bytes = header.lane_stride_bytes,
		.ring_bytes = header.ring_bytes,
	};
	*ret_abi_version = header.abi_version;
	return 0;
}
