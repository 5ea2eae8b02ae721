/* SPDX-License-Identifier: MIT */
/*
 * Two places between which large files are copied, and how. What was learnt of a pair serves all
 * its files; files that are in the page cache and those with holes are apart.
 */
#ifndef ENGINE_JOB_PAIR_H
#define ENGINE_JOB_PAIR_H

#include <stdbool.h>
#include <stdint.h>

#include "job/place.h"
#include "job/tuner.h"

struct item;
struct job;
struct large;

/* Which files of a pair. */
enum pair_kind {
	PAIR_COLD,
	PAIR_CACHED,
	PAIR_SPARSE,
};

struct pair {
	struct pair *next;
	uint64_t source_device;
	uint64_t target_device;
	enum pair_kind kind;
	struct place source;
	struct place target;
	struct tuner tuner;
	uint64_t measured_ns; /* when its latest range was done */
};

/* The pair that a large file belongs to, found or made. NULL: out of memory. */
struct pair *pair_find(struct job *job, const struct wire_prepared *prepared);
void pairs_free(struct job *job);

/* Chooses how a range is moved. It counts as begun, until it is measured or forgotten. */
void pair_choose(struct pair *pair, struct item *item);
/* The range was moved, or not: it failed, or its worker died. */
void pair_measure(struct job *job, struct pair *pair, const struct item *item);
void pair_forget(struct pair *pair, const struct item *item);

#endif
