/* SPDX-License-Identifier: MIT */
/* The doorbell in the header: the word that readers sleep on. */
#ifndef ENGINE_PROGRESS_BELL_H
#define ENGINE_PROGRESS_BELL_H

#include <stdint.h>

#include "haul/progress.h"
#include "util/futex.h"

static inline void bell_ring(struct haul_header *header)
{
	/* Pairs with the acquire in bell_count: who sees the ring sees what it is about. */
	__atomic_fetch_add(&header->bell, 1, __ATOMIC_RELEASE);
	futex_wake_all(&header->bell);
}

static inline uint32_t bell_count(const struct haul_header *header)
{
	return __atomic_load_n(&header->bell, __ATOMIC_ACQUIRE);
}

#endif
