/* SPDX-License-Identifier: MIT */
#include "io/pace.h"

#include <errno.h>
#include <time.h>

#include "util/clock.h"

#define SECOND_NS    UINT64_C(1000000000)
#define PIECES       20u /* in a second */
#define CATCH_UP_NS  (SECOND_NS / PIECES)
#define SECTOR_BYTES 4096u /* what goes past the page cache comes in whole ones */

static uint64_t time_for(const struct pace *pace, uint64_t bytes)
{
	unsigned __int128 ns = (unsigned __int128)bytes * SECOND_NS;

	return (uint64_t)((ns + pace->bytes_per_s - 1) / pace->bytes_per_s);
}

void pace_open(struct pace *pace, uint64_t *next_ns, uint64_t bytes_per_s, unsigned processes,
	uint32_t chunk_bytes_max, unsigned window_max)
{
	uint64_t share = bytes_per_s / PIECES / (processes ? processes : 1);
	uint32_t chunk = share < chunk_bytes_max ? (uint32_t)share : chunk_bytes_max;

	*pace = (struct pace){.bytes_per_s = bytes_per_s};
	if (!bytes_per_s)
		return;
	if (chunk > SECTOR_BYTES)
		chunk -= chunk % SECTOR_BYTES;
	if (!chunk)
		chunk = 1;
	pace->next_ns = next_ns;
	pace->share_bytes = share ? share : 1;
	pace->chunk_bytes = chunk;
	pace->window = share / chunk < window_max ? (unsigned)(share / chunk) : window_max;
	if (!pace->window)
		pace->window = 1;
}

/* Returns when the first of the bytes may move. */
static uint64_t reserve(struct pace *pace, uint64_t bytes)
{
	uint64_t next_ns = __atomic_load_n(pace->next_ns, __ATOMIC_RELAXED), start_ns;

	/* Nothing but this number is shared, so no order with other memory is needed. */
	do {
		uint64_t earliest_ns = clock_monotonic_ns() - CATCH_UP_NS;

		start_ns = next_ns > earliest_ns ? next_ns : earliest_ns;
	} while (!__atomic_compare_exchange_n(pace->next_ns, &next_ns,
		start_ns + time_for(pace, bytes), true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return start_ns;
}

void pace_take(struct pace *pace, uint64_t bytes)
{
	struct timespec until;
	uint64_t start_ns;

	if (!pace_limits(pace))
		return;
	start_ns = reserve(pace, bytes);
	if (start_ns <= clock_monotonic_ns())
		return;
	pace->waited = true;
	until.tv_sec = (time_t)(start_ns / SECOND_NS);
	until.tv_nsec = (long)(start_ns % SECOND_NS);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}

void pace_charge(struct pace *pace, uint64_t bytes)
{
	if (pace_limits(pace))
		(void)reserve(pace, bytes);
}
