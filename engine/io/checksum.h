/* SPDX-License-Identifier: MIT */
/*
 * Checksums of contents: XXH3 with 128 bits, which `xxh128sum` writes and `xxhsum -c` checks.
 *
 * It is there to find damage, not forgery. bench/checksum measures what it costs beside others.
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
struct checksum_value checksum_get(const struct checksum *checksum);

struct checksum_value checksum_of(const void *data, size_t bytes);

#endif
