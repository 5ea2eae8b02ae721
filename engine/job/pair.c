/* SPDX-License-Identifier: MIT */
#include "job/pair.h"

#include <stdlib.h>

#include "job/coordinator.h"
#include "job/explain.h"
#include "util/clock.h"

static enum pair_kind kind_of(const struct wire_prepared *prepared)
{
	if (prepared->sparse)
		return PAIR_SPARSE;
	return prepared->cached_bytes >= prepared->bytes / 2 ? PAIR_CACHED : PAIR_COLD;
}

static void begin_tuner(struct job *job, struct pair *pair)
{
	enum job_strategy strategy = (enum job_strategy)job->options.strategy;
	struct tuner_facts facts = {
		.ring = !job->ring_refused && strategy != STRATEGY_PLAIN,
		.cached = pair->kind == PAIR_CACHED,
		.source_in_memory = pair->source.in_memory,
		.target_in_memory = pair->target.in_memory,
		.offloads = pair->target.served && pair->source_device == pair->target_device &&
			    job->options.reflink != REFLINK_NEVER,
		.removable = pair->source.removable || pair->target.removable,
		.sparse = pair->kind == PAIR_SPARSE,
		.workers = job->crew.count,
	};

	if (strategy == STRATEGY_AUTO || strategy == STRATEGY_REFLINK)
		tuner_begin(&pair->tuner, &facts);
	else
		tuner_begin_fixed(&pair->tuner, &facts, strategy);
}

static struct pair *pair_new(struct job *job, const struct wire_prepared *prepared)
{
	struct pair *pair = calloc(1, sizeof(*pair));

	if (!pair)
		return NULL;
	pair->source_device = prepared->source_device;
	pair->target_device = prepared->target_device;
	pair->kind = kind_of(prepared);
	place_describe("/sys", "/proc/self/mountinfo", prepared->source_device,
		prepared->source_type, &pair->source);
	place_describe("/sys", "/proc/self/mountinfo", prepared->target_device,
		prepared->target_type, &pair->target);
	begin_tuner(job, pair);
	pair->next = job->pairs;
	job->pairs = pair;
	explain_pair(job, pair);
	return pair;
}

struct pair *pair_find(struct job *job, const struct wire_prepared *prepared)
{
	enum pair_kind kind = kind_of(prepared);

	for (struct pair *pair = job->pairs; pair; pair = pair->next)
		if (pair->source_device == prepared->source_device &&
			pair->target_device == prepared->target_device && pair->kind == kind)
			return pair;
	return pair_new(job, prepared);
}

void pairs_free(struct job *job)
{
	while (job->pairs) {
		struct pair *pair = job->pairs;

		job->pairs = pair->next;
		free(pair);
	}
}

void pair_choose(struct pair *pair, struct item *item)
{
	struct tuner_choice choice;

	item->trial = tuner_issue(&pair->tuner, &choice);
	item->manner = choice.manner;
	item->given_ns = clock_monotonic_ns();
}

/* Ranges overlap: what one took is the time since the one before it was done. */
void pair_measure(struct job *job, struct pair *pair, const struct item *item)
{
	uint64_t now_ns = clock_monotonic_ns();
	uint64_t from_ns = item->given_ns > pair->measured_ns ? item->given_ns : pair->measured_ns;

	pair->measured_ns = now_ns;
	if (item->given_ns < job->resumed_ns)
		tuner_forget(&pair->tuner, item->trial);
	else if (tuner_measure(&pair->tuner, item->trial, item->length, now_ns - from_ns))
		explain_pair(job, pair);
}

void pair_forget(struct pair *pair, const struct item *item)
{
	tuner_forget(&pair->tuner, item->trial);
}
