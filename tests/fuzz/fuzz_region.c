/* SPDX-License-Identifier: MIT */
/*
 * Reads regions that someone has tampered with. The input is a list of patches {u16 offset in words
 * of 8 bytes, u8 how many bytes, the bytes} to a region of two lanes that holds a few records.
 *
 *     clang -g -O1 -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -I. -Iinclude -Iengine \
 *             tests/fuzz/fuzz_region.c engine/progress/[!c]*.c -o build/fuzz_region
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "progress/region.h"

#define RING_BYTES 4096u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static struct region make_region(void)
{
	const char *arguments[] = {"a", "b"};
	const struct region_spec spec = {
		.operation = "fuzz",
		.arguments = arguments,
		.argument_count = 2,
		.lane_count = 2,
		.ring_bytes = RING_BYTES,
	};
	struct region region;

	if (region_create(&spec, &region))
		abort();
	/* Nobody needs to find it, and a crash must not leave it behind. */
	if (region.named && unlink(region.path))
		abort();
	region.named = false;
	return region;
}

static void fill_lane(const struct region *region, unsigned index)
{
	const struct lane_file file = {.name = "name", .name_bytes = 4, .message = "why"};
	struct lane lane;

	if (lane_open(region, index, HAUL_ROLE_WORKER, &lane))
		abort();
	/* Enough to have gone round, so that there is a pad. */
	for (uint64_t i = 0; i < 100; i++)
		lane_file(&lane, HAUL_RECORD_FILE_FAILED, i, &file);
}

static void apply_patches(const struct region *region, const uint8_t *data, size_t bytes)
{
	while (bytes >= 3) {
		size_t offset = (size_t)(data[0] | data[1] << 8) * 8 % region->map_bytes;
		size_t length = data[2];

		data += 3;
		bytes -= 3;
		if (length > bytes)
			length = bytes;
		if (length > region->map_bytes - offset)
			length = region->map_bytes - offset;
		memcpy((char *)region->header + offset, data, length);
		data += length;
		bytes -= length;
	}
}

/* Touches all of a record, so that a length that lies is noticed. */
static unsigned sum_record(const struct haul_record *record)
{
	const uint8_t *at = (const uint8_t *)record;
	unsigned sum = 0;

	for (uint32_t i = 0; i < record->size_bytes; i++)
		sum += at[i];
	return sum;
}

static void read_region(const struct region *region)
{
	const struct haul_record *record;
	struct haul_reader *reader;
	struct haul_totals totals;
	unsigned sum = 0;
	int next;

	if (haul_reader_open_fd(region->inherit_fd, &reader))
		return;
	haul_reader_totals(reader, &totals);
	while ((next = haul_reader_next(reader, &record, NULL, NULL)) >= 0 &&
		next != HAUL_NEXT_NOTHING)
		if (next == HAUL_NEXT_RECORD)
			sum += sum_record(record);
	__asm__ volatile("" : : "r"(sum)); /* or the reads would be left out */
	if (haul_reader_wait(reader, 0) < 0)
		abort();
	haul_reader_close(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static struct region region;
	static void *good;

	if (!good) {
		region = make_region();
		fill_lane(&region, 0);
		fill_lane(&region, 1);
		good = malloc(region.map_bytes);
		if (!good)
			abort();
		memcpy(good, region.header, region.map_bytes);
	}
	memcpy(region.header, good, region.map_bytes);
	apply_patches(&region, data, bytes);
	read_region(&region);
	/* A worker that takes the lane over must get along with it, too. */
	if (bytes && data[0] & 1) {
		struct lane lane;

		region.header->lane_count = 2;
		region.header->lane_stride_bytes = HAUL_PAGE_BYTES + RING_BYTES;
		region.header->ring_bytes = RING_BYTES;
		if (lane_open(&region, 1, HAUL_ROLE_WORKER, &lane))
			abort();
		fill_lane(&region, 1);
		read_region(&region);
	}
	return 0;
}
