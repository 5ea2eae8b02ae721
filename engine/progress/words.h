/* SPDX-License-Identifier: MIT */
/*
 * How the two sides of a ring touch its memory: in words of 8 bytes, each load and store atomic,
 * because a reader may copy a record while the writer overwrites it.
 *
 * Which release each acquire pairs with:
 *
 *   reader                                writer
 *   words_load_head, acquire              words_store_head, release: a record that the head has
 *                                         passed is whole
 *   words_copy_out, acquire per word      words_store, release: who sees one word of a new record
 *                                         sees the tail that was moved for it, too
 *   words_load_tail, acquire              words_store_tail, release: who sees a tail sees a head
 *                                         that is not behind it
 *
 * An acquire per word instead of one fence after the copy: it is the same code on x86, and thread
 * sanitizers understand it, which they don't fences.
 */
#ifndef ENGINE_PROGRESS_WORDS_H
#define ENGINE_PROGRESS_WORDS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "haul/progress.h"

#define WORD_BYTES 8u

_Static_assert(__atomic_always_lock_free(8, NULL), "a shared word needs no lock");

static inline uint64_t words_load_head(const struct haul_lane *lane)
{
	return __atomic_load_n(&lane->head, __ATOMIC_ACQUIRE);
}

static inline void words_store_head(struct haul_lane *lane, uint64_t head)
{
	__atomic_store_n(&lane->head, head, __ATOMIC_RELEASE);
}

static inline uint64_t words_load_tail(const struct haul_lane *lane)
{
	return __atomic_load_n(&lane->tail, __ATOMIC_ACQUIRE);
}

static inline void words_store_tail(struct haul_lane *lane, uint64_t tail)
{
	__atomic_store_n(&lane->tail, tail, __ATOMIC_RELEASE);
}

static inline void words_store(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static inline void words_copy_out(void *to, const uint64_t *from, size_t bytes)
{
	for (size_t i = 0; i < bytes / WORD_BYTES; i++) {
		uint64_t word = __atomic_load_n(&from[i], __ATOMIC_ACQUIRE);

		memcpy((char *)to + i * WORD_BYTES, &word, WORD_BYTES);
	}
}

static inline uint64_t words_round_up(uint64_t bytes)
{
	return (bytes + WORD_BYTES - 1) & ~(uint64_t)(WORD_BYTES - 1);
}

#endif
