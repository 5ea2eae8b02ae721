/* SPDX-License-Identifier: MIT */
/*
 * Checksums of contents: XXH3 with 128 bits, which `xxh128sum` writes and `xxhsum -c` checks.
 *
 * It is there to find damage, not forgery, so the least cost decides. bench/checksum, for 1 GiB
 * that is in memory, one thread of an AMD EPYC (AVX2), CPU seconds with and without 0.20 for
 * reading it:
 *
 *     XXH3, 128 bits  0.22  0.02        BLAKE2b  1.41  1.21
 *     XXH64           0.27  0.07        MD5      1.73  1.53
 *     BLAKE3          0.38  0.18        SHA-256  3.49  3.29
 *
 * BLAKE3 would let ranges be put together to the checksum of a whole file, which costs XXH3 another
 * pass where a list is wanted; but Debian 12 has no library of it.
 */
#ifndef ENGINE_IO_CHECKSUM_H
#define ENGINE_IO_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

struct checksum;

/* High half first, as it is written. */
struct checksum_value {
	uint64_t high;
	uint64_t low;
};

struct checksum *checksum_new(void); /* NULL: out of memory */
void checksum_free(struct checksum *checksum);
void checksum_restart(struct checksum *checksum);
void checksum_add(struct checksum *checksum, const void *data, size_t bytes);
void checksum_add_zeros(struct checksum *checksum, uint64_t bytes);
struct checksum_value checksum_get(const struct checksum *checksum);

struct checksum_value checksum_of(const void *data, size_t bytes);

#endif
