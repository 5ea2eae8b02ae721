/* SPDX-License-Identifier: MIT */
#include "io/checksum.h"

#include <xxhash.h>

/* The library's own state, under our name. */
static XXH3_state_t *state_of(struct checksum *checksum)
{
	return (XXH3_state_t *)checksum;
}

static struct checksum_value value_of(XXH128_hash_t hash)
{
	return (struct checksum_value){.high = hash.high64, .low = hash.low64};
}

struct checksum *checksum_new(void)
{
	XXH3_state_t *state = XXH3_createState();

	if (state)
		XXH3_128bits_reset(state);
	return (struct checksum *)state;
}

void checksum_free(struct checksum *checksum)
{
	XXH3_freeState(state_of(checksum));
}

void checksum_restart(struct checksum *checksum)
{
	XXH3_128bits_reset(state_of(checksum));
}

void checksum_add(struct checksum *checksum, const void *data, size_t bytes)
{
	XXH3_128bits_update(state_of(checksum), data, bytes);
}

void checksum_add_zeros(struct checksum *checksum, uint64_t bytes)
{
	static const char zeros[1 << 16];

	for (; bytes > sizeof(zeros); bytes -= sizeof(zeros))
		checksum_add(checksum, zeros, sizeof(zeros));
	checksum_add(checksum, zeros, (size_t)bytes);
}

struct checksum_value checksum_get(const struct checksum *checksum)
{
	return value_of(XXH3_128bits_digest((const XXH3_state_t *)checksum));
}

struct checksum_value checksum_of(const void *data, size_t bytes)
{
	return value_of(XXH3_128bits(data, bytes));
}
