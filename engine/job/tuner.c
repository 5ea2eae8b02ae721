/* SPDX-License-Identifier: MIT */
#include "job/tuner.h"

#include <string.h>

#define MIB (1024u * 1024)

/*
 * One file of 1 GB with the final sync: median seconds, and in brackets the CPU seconds of all
 * processes. AMD EPYC, two CPUs that others used as well, Linux 6.18; "ram" and "disk" as
 * bench/README.md has them. Three to five runs in turn, each on a new filesystem.
 *
 *                                    ext4@ram:xfs@ram  ext4@disk:ext4@disk   tmpfs:ext4@ram
 *                                    cold              cold         warm
 *     direct, direct, 8 x 1 MiB      0.93 (0.14)       1.81 (0.18)  1.95 (0.20)  2.49 (0.33)
 *     the same, 4 x 1 MiB            1.24 (0.17)       2.04 (0.18)  2.75 (0.23)  2.72 (0.32)
 *     the same, 8 x 256 KiB          0.80 (0.16)       -            -            -
 *     the same, two workers          0.86 (0.18)       1.73 (0.19)  1.96 (0.20)  2.12 (0.37)
 *     buffered, direct, 8 x 1 MiB    0.88 (0.24)       1.55 (0.28)  1.38 (0.26)  2.14 (0.33)
 *     buffered, 4 x 1 MiB            0.97 (0.27)       1.99 (0.42)  1.41 (0.35)  2.26 (0.48)
 *     buffered, 8 x 256 KiB          1.64 (0.25)       1.92 (0.42)  1.68 (0.41)  2.21 (0.50)
 *     plain, 1 MiB                   0.97 (0.21)       2.02 (0.44)  1.10 (0.35)  2.51 (0.45)
 *     plain, 256 KiB                 0.98 (0.25)       1.88 (0.44)  1.47 (0.37)  2.45 (0.47)
 *     plain, 1 MiB, no write-back    -                 3.72 (1.22)  1.53 (0.28)  3.37 (0.37)
 *     cp                             3.44 (0.23)       3.04 (0.86)  1.73 (0.37)  4.00 (0.55)
 *
 * From tmpfs to tmpfs: plain, 1 MiB 3.02 (0.64); plain, 256 KiB 3.88 (0.67); cp 4.97 (0.65).
 *
 * So: past the cache where the source must be read, which is the fastest or nearly so and costs the
 * least; through it where the source is in it. Depth and size matter less, except in memory.
 */
#define DIRECT_BLOCK_BYTES   MIB
#define DIRECT_DEPTH         8
#define BUFFERED_BLOCK_BYTES MIB
#define BUFFERED_DEPTH       4
#define SHALLOW_DEPTH        2
#define DEPTH_MAX            16
#define SMALL_BLOCK_BYTES    (256 * 1024)

/* What a user gets who asks for one strategy. */
#define ASKED_BLOCK_BYTES (256 * 1024)
#define ASKED_DEPTH       8

/* Ranges in the current choice before another one is probed: its rate must be known, and at its
 * worst a probe costs as much again as the range that it is. */
#define REST_RANGES 4

/* A probe whose first range is so much slower ends with that. */
#define HOPELESS 0.9
/* And one that is so much faster is taken: less is the noise of a busy machine. */
#define GAIN         1.1
#define PROBE_RANGES 3
#define PROBES_MAX   12

/* Slower than this part of its best rate, the current choice is doubted again. */
#define SLUMP 0.5

/* ---- choices ---- */

static bool is_direct(const struct tuner_choice *choice, unsigned flag)
{
	return choice->manner.flags & flag;
}

static uint8_t flags_of(const struct tuner_facts *facts, bool source_direct, bool target_direct)
{
	unsigned flags = 0;

	if (source_direct)
		flags |= MANNER_SOURCE_DIRECT;
	else if (!facts->cached && !facts->source_in_memory)
		flags |= MANNER_DROP_SOURCE;
	if (target_direct)
		flags |= MANNER_TARGET_DIRECT;
	else if (!facts->target_in_memory)
		flags |= MANNER_WRITE_BEHIND;
	return (uint8_t)flags;
}

/* What is in memory needs no requests in flight. */
static bool waits_for_source(const struct tuner_facts *facts)
{
	return facts->ring && !facts->cached && !facts->source_in_memory;
}

static struct tuner_choice choose(
	const struct tuner_facts *facts, bool source_direct, bool target_direct)
{
	struct tuner_choice choice = {.workers = 1};

	choice.manner.flags = flags_of(facts, source_direct, target_direct);
	if (source_direct || target_direct) {
		choice.manner.way = STRATEGY_DIRECT;
		choice.manner.block_bytes = DIRECT_BLOCK_BYTES;
		choice.manner.depth = facts->removable ? SHALLOW_DEPTH : DIRECT_DEPTH;
		return choice;
	}
	choice.manner.way = waits_for_source(facts) ? STRATEGY_URING : STRATEGY_PLAIN;
	choice.manner.block_bytes = BUFFERED_BLOCK_BYTES;
	choice.manner.depth = waits_for_source(facts) ? BUFFERED_DEPTH : 1;
	return choice;
}

static struct tuner_choice choose_range(const struct tuner_facts *facts)
{
	struct tuner_choice choice = choose(facts, false, false);

	choice.manner.way = STRATEGY_RANGE;
	choice.manner.depth = 1;
	return choice;
}

static void fix(struct tuner *tuner, struct tuner_choice choice, enum tuner_reason reason)
{
	tuner->current = choice;
	tuner->reason = reason;
	tuner->fixed = true;
}

void tuner_begin(struct tuner *tuner, const struct tuner_facts *facts)
{
	struct tuner_choice buffered = choose(facts, false, false);

	*tuner = (struct tuner){.facts = *facts, .rest = REST_RANGES};
	if (facts->offloads) {
		fix(tuner, choose_range(facts), TUNER_OFFLOADS);
	} else if (!facts->ring) {
		fix(tuner, buffered, TUNER_NO_RING);
	} else if (facts->source_in_memory && facts->target_in_memory) {
		fix(tuner, buffered, TUNER_IN_MEMORY);
	} else if (facts->sparse) {
		fix(tuner, buffered, TUNER_SPARSE);
	} else {
		tuner->current = choose(facts, !facts->cached && !facts->source_in_memory,
			!facts->target_in_memory);
		tuner->reason = facts->removable ? TUNER_REMOVABLE
				: facts->cached  ? TUNER_CACHED
						 : TUNER_COLD;
	}
}

void tuner_begin_fixed(
	struct tuner *tuner, const struct tuner_facts *facts, enum job_strategy strategy)
{
	struct tuner_choice choice = choose(facts, false, false);

	*tuner = (struct tuner){.facts = *facts};
	if (strategy == STRATEGY_DIRECT) {
		choice = choose(facts, true, true);
		choice.workers = facts->sparse ? 1 : facts->workers;
	} else {
		choice.manner.way = (uint8_t)strategy;
		choice.manner.block_bytes = ASKED_BLOCK_BYTES;
		choice.manner.depth = ASKED_DEPTH;
	}
	fix(tuner, choice, TUNER_ASKED);
}

/* ---- neighbours ---- */

enum move {
	MOVE_PLAIN, /* first: never slower than the plain way */
	MOVE_SOURCE,
	MOVE_TARGET,
	MOVE_WORKERS,
	MOVE_SHALLOWER,
	MOVE_DEEPER,
	MOVE_BLOCK,
	MOVES,
};

static void move_sides(struct tuner_choice *choice, const struct tuner_facts *facts,
	bool source_direct, bool target_direct)
{
	if (facts->source_in_memory || facts->cached)
		source_direct = false;
	if (facts->target_in_memory)
		target_direct = false;
	if (source_direct != is_direct(choice, MANNER_SOURCE_DIRECT) ||
		target_direct != is_direct(choice, MANNER_TARGET_DIRECT))
		*choice = choose(facts, source_direct, target_direct);
}

static void move_depth(struct tuner_choice *choice, bool deeper)
{
	unsigned depth = choice->manner.depth;

	if (choice->manner.way == STRATEGY_PLAIN)
		return;
	depth = deeper ? depth * 2 : depth / 2;
	if (depth >= 1 && depth <= DEPTH_MAX)
		choice->manner.depth = (uint16_t)depth;
}

static struct tuner_choice neighbour(const struct tuner *tuner, enum move move)
{
	struct tuner_choice choice = tuner->current;
	bool source_direct = is_direct(&choice, MANNER_SOURCE_DIRECT);
	bool target_direct = is_direct(&choice, MANNER_TARGET_DIRECT);

	switch (move) {
	case MOVE_PLAIN:
		move_sides(&choice, &tuner->facts, false, false);
		break;
	case MOVE_SOURCE:
		move_sides(&choice, &tuner->facts, !source_direct, target_direct);
		break;
	case MOVE_TARGET:
		move_sides(&choice, &tuner->facts, source_direct, !target_direct);
		break;
	case MOVE_WORKERS:
		/* Buffered writes to one file wait for each other. */
		choice.workers = choice.workers == 1 && target_direct ? tuner->facts.workers : 1;
		break;
	case MOVE_BLOCK:
		choice.manner.block_bytes =
			choice.manner.block_bytes == MIB ? SMALL_BLOCK_BYTES : MIB;
		break;
	default:
		move_depth(&choice, move == MOVE_DEEPER);
		break;
	}
	return choice;
}

static bool same(const struct tuner_choice *a, const struct tuner_choice *b)
{
	return a->workers == b->workers && a->manner.way == b->manner.way &&
	       a->manner.flags == b->manner.flags && a->manner.depth == b->manner.depth &&
	       a->manner.block_bytes == b->manner.block_bytes;
}

/* False: all neighbours were tried. */
static bool next_neighbour(struct tuner *tuner, struct tuner_choice *ret_choice)
{
	while (tuner->moves < MOVES) {
		enum move move = (tuner->first_move + tuner->moves++) % MOVES;
		struct tuner_choice choice = neighbour(tuner, move);

		if (!same(&choice, &tuner->current)) {
			*ret_choice = choice;
			return true;
		}
	}
	return false;
}

/* ---- rates ---- */

static double rate_of(struct tuner_rate rate)
{
	return rate.ns ? (double)rate.bytes / (double)rate.ns : 0;
}

static void add(struct tuner_rate *sum, uint64_t bytes, uint64_t ns)
{
	sum->bytes += bytes;
	sum->ns += ns;
}

double tuner_rate(const struct tuner *tuner)
{
	struct tuner_rate sum = {0, 0};

	for (unsigned i = 0; i < TUNER_RECENT; i++)
		add(&sum, tuner->recent[i].bytes, tuner->recent[i].ns);
	return rate_of(sum);
}

/* ---- probing ---- */

static void end_probe(struct tuner *tuner)
{
	tuner->trial = 0;
	tuner->rest = REST_RANGES;
}

static void begin_probe(struct tuner *tuner)
{
	if (tuner->probes >= PROBES_MAX || !next_neighbour(tuner, &tuner->probe)) {
		tuner->rest = UINT32_MAX;
		return;
	}
	tuner->probes++;
	tuner->trial = ++tuner->trials;
	tuner->probed = (struct tuner_rate){0, 0};
	tuner->probe_issued = 0;
	tuner->probe_done = 0;
	tuner->probe_wanted = 1;
}

static void adopt(struct tuner *tuner)
{
	tuner->former_rate = tuner_rate(tuner);
	tuner->current = tuner->probe;
	tuner->reason = tuner->slowed ? TUNER_SLOWED : TUNER_FASTER;
	memset(tuner->recent, 0, sizeof(tuner->recent));
	tuner->recent[0] = tuner->probed;
	tuner->recent_count = 1;
	tuner->best_rate = rate_of(tuner->probed);
	tuner->slowed = false;
	tuner->moves = 0;
	end_probe(tuner);
}

/* All of the probe's ranges that were wanted are measured. */
static bool judge_probe(struct tuner *tuner)
{
	double rate = rate_of(tuner->probed), current = tuner_rate(tuner);

	if (tuner->probe_wanted < PROBE_RANGES && rate >= current * HOPELESS) {
		tuner->probe_wanted = PROBE_RANGES;
		return false;
	}
	if (tuner->probe_wanted == PROBE_RANGES && rate > current * GAIN) {
		adopt(tuner);
		return true;
	}
	end_probe(tuner);
	return false;
}

/* It was fast once, and isn't now: perhaps something else is better by now, less depth first. */
static void notice_slump(struct tuner *tuner)
{
	double rate = tuner_rate(tuner);

	if (rate > tuner->best_rate)
		tuner->best_rate = rate;
	if (tuner->recent_count < TUNER_RECENT || tuner->trial || rate > tuner->best_rate * SLUMP)
		return;
	tuner->slowed = true;
	tuner->best_rate = rate;
	tuner->probes = 0;
	tuner->first_move = MOVE_SHALLOWER;
	tuner->moves = 0;
	tuner->rest = 0;
}

unsigned tuner_issue(struct tuner *tuner, struct tuner_choice *ret_choice)
{
	*ret_choice = tuner->current;
	if (tuner->fixed)
		return 0;
	if (!tuner->trial && !tuner->rest && tuner->recent_count)
		begin_probe(tuner);
	if (!tuner->trial || tuner->probe_issued == tuner->probe_wanted)
		return 0;
	*ret_choice = tuner->probe;
	/* Or what the probe left to be written would be counted against the ranges behind it. */
	if (++tuner->probe_issued == PROBE_RANGES && ret_choice->manner.flags & MANNER_WRITE_BEHIND)
		ret_choice->manner.flags |= MANNER_SETTLE;
	return tuner->trial;
}

static void measure_current(struct tuner *tuner, uint64_t bytes, uint64_t ns)
{
	tuner->recent[tuner->recent_count++ % TUNER_RECENT] = (struct tuner_rate){bytes, ns};
	if (tuner->rest && tuner->rest != UINT32_MAX)
		tuner->rest--;
	notice_slump(tuner);
}

bool tuner_measure(struct tuner *tuner, unsigned trial, uint64_t bytes, uint64_t ns)
{
	if (tuner->fixed || !bytes)
		return false;
	if (!trial) {
		measure_current(tuner, bytes, ns);
		return false;
	}
	if (trial != tuner->trial)
		return false;
	add(&tuner->probed, bytes, ns);
	return ++tuner->probe_done == tuner->probe_wanted && judge_probe(tuner);
}

void tuner_forget(struct tuner *tuner, unsigned trial)
{
	if (trial && trial == tuner->trial)
		end_probe(tuner);
}
