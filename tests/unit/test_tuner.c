/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "job/tuner.h"

#define RANGE_BYTES (64u << 20)

/* Two devices that are as fast as a function of the choice says, in bytes per nanosecond. */
struct world {
	double (*rate)(const struct tuner_choice *choice, unsigned range);
	struct tuner tuner;
	unsigned range;
	unsigned changes;
	double ns; /* that everything took */
};

static bool direct_source(const struct tuner_choice *choice)
{
	return choice->manner.flags & MANNER_SOURCE_DIRECT;
}

static bool direct_target(const struct tuner_choice *choice)
{
	return choice->manner.flags & MANNER_TARGET_DIRECT;
}

static bool is_plain(const struct tuner_choice *choice)
{
	return !direct_source(choice) && !direct_target(choice);
}

static void move_range(struct world *world)
{
	struct tuner_choice choice;
	unsigned trial = tuner_issue(&world->tuner, &choice);
	double ns = RANGE_BYTES / world->rate(&choice, world->range++);

	world->ns += ns;
	world->changes += tuner_measure(&world->tuner, trial, RANGE_BYTES, (uint64_t)ns);
}

static void move_ranges(struct world *world, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		move_range(world);
}

static const struct tuner_facts two_disks = {.ring = true, .workers = 2};

static struct world world_of(
	const struct tuner_facts *facts, double (*rate)(const struct tuner_choice *, unsigned))
{
	struct world world = {.rate = rate};

	tuner_begin(&world.tuner, facts);
	return world;
}

/* ---- what is chosen at first ---- */

static void cold_files_begin_past_the_cache(void **state)
{
	struct tuner tuner;

	(void)state;
	tuner_begin(&tuner, &two_disks);
	assert_int_equal(tuner.reason, TUNER_COLD);
	assert_int_equal(tuner.current.manner.way, STRATEGY_DIRECT);
	assert_true(direct_source(&tuner.current) && direct_target(&tuner.current));
	assert_int_equal(tuner.current.workers, 1);
}

static void cached_files_are_read_from_the_cache(void **state)
{
	struct tuner_facts facts = two_disks;
	struct tuner tuner;

	(void)state;
	facts.cached = true;
	tuner_begin(&tuner, &facts);
	assert_int_equal(tuner.reason, TUNER_CACHED);
	assert_false(direct_source(&tuner.current));
	assert_false(tuner.current.manner.flags & MANNER_DROP_SOURCE);
}

static void removable_devices_begin_shallow(void **state)
{
	struct tuner_facts facts = two_disks;
	struct tuner tuner;

	(void)state;
	facts.removable = true;
	tuner_begin(&tuner, &facts);
	assert_int_equal(tuner.reason, TUNER_REMOVABLE);
	assert_in_range(tuner.current.manner.depth, 1, 2);
}

static void check_fixed(const struct tuner_facts *facts, enum tuner_reason reason, unsigned way)
{
	struct tuner tuner;
	struct tuner_choice choice;

	tuner_begin(&tuner, facts);
	assert_int_equal(tuner.reason, reason);
	for (unsigned i = 0; i < 100; i++) {
		assert_int_equal(tuner_issue(&tuner, &choice), 0);
		assert_int_equal(choice.manner.way, way);
		assert_true(is_plain(&choice));
		assert_false(tuner_measure(&tuner, 0, RANGE_BYTES, 1000 + 1000 * (i & 1)));
	}
}

static void some_places_leave_no_choice(void **state)
{
	struct tuner_facts memory = two_disks, no_ring = two_disks, holes = two_disks,
			   server = two_disks;

	(void)state;
	memory.source_in_memory = true;
	memory.target_in_memory = true;
	no_ring.ring = false;
	holes.sparse = true;
	server.offloads = true;
	check_fixed(&memory, TUNER_IN_MEMORY, STRATEGY_PLAIN);
	check_fixed(&no_ring, TUNER_NO_RING, STRATEGY_PLAIN);
	check_fixed(&holes, TUNER_SPARSE, STRATEGY_URING);
	check_fixed(&server, TUNER_OFFLOADS, STRATEGY_RANGE);
}

static void what_the_user_asked_for_stays(void **state)
{
	static const enum job_strategy asked[] = {
		STRATEGY_RANGE, STRATEGY_DIRECT, STRATEGY_URING, STRATEGY_PLAIN};
	struct tuner_choice choice;
	struct tuner tuner;

	(void)state;
	for (unsigned i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		tuner_begin_fixed(&tuner, &two_disks, asked[i]);
		assert_int_equal(tuner.reason, TUNER_ASKED);
		assert_int_equal(tuner_issue(&tuner, &choice), 0);
		assert_int_equal(choice.manner.way, asked[i]);
	}
}

static void nothing_goes_past_a_cache_that_is_all_there_is(void **state)
{
	struct tuner_facts facts = two_disks;
	struct tuner_choice choice;
	struct tuner tuner;

	(void)state;
	facts.target_in_memory = true;
	tuner_begin(&tuner, &facts);
	for (unsigned i = 0; i < 200; i++) {
		unsigned trial = tuner_issue(&tuner, &choice);

		assert_false(direct_target(&choice));
		assert_false(choice.manner.flags & MANNER_WRITE_BEHIND);
		tuner_measure(&tuner, trial, RANGE_BYTES, 1000);
	}
}

/* ---- what is measured ---- */

static double host_reads_ahead(const struct tuner_choice *choice, unsigned range)
{
	(void)range;
	return direct_source(choice) ? 1.0 : 1.6;
}

static void buffered_reads_are_found_where_a_host_reads_ahead(void **state)
{
	struct world world = world_of(&two_disks, host_reads_ahead);

	(void)state;
	move_ranges(&world, 64);
	assert_false(direct_source(&world.tuner.current));
	assert_int_equal(world.tuner.reason, TUNER_FASTER);
	assert_true(world.tuner.former_rate < 1.1);
	assert_true(tuner_rate(&world.tuner) > 1.5);
}

static double deep_is_fast(const struct tuner_choice *choice, unsigned range)
{
	(void)range;
	return 0.02 * choice->manner.depth;
}

static void a_removable_device_gets_deeper_if_that_helps(void **state)
{
	struct tuner_facts facts = two_disks;
	struct world world;

	(void)state;
	facts.removable = true;
	world = world_of(&facts, deep_is_fast);
	move_ranges(&world, 100);
	assert_int_equal(world.tuner.current.manner.depth, 16);
}

static double stalls_at_depth(const struct tuner_choice *choice, unsigned range)
{
	if (range < 100)
		return 1;
	return choice->manner.depth > 4 ? 0.1 : 0.8;
}

static void backs_off_when_a_device_gets_slow(void **state)
{
	struct world world = world_of(&two_disks, stalls_at_depth);

	(void)state;
	move_ranges(&world, 100);
	assert_int_equal(world.tuner.current.manner.depth, 8);
	move_ranges(&world, 60);
	assert_in_range(world.tuner.current.manner.depth, 1, 4);
	assert_int_equal(world.tuner.reason, TUNER_SLOWED);
}

/* Nine parts in a hundred, this way and that. */
static double noise(unsigned range)
{
	return 0.91 + 0.18 * (double)(range * 2654435761u >> 16 & 0xffff) / 65535;
}

static double noisy(const struct tuner_choice *choice, unsigned range)
{
	return noise(range) * (is_plain(choice) ? 0.95 : 1);
}

static void noise_changes_little(void **state)
{
	struct world world = world_of(&two_disks, noisy);

	(void)state;
	move_ranges(&world, 1000);
	assert_in_range(world.changes, 0, 2);
}

static double first_is_best(const struct tuner_choice *choice, unsigned range)
{
	(void)range;
	if (choice->workers > 1 || choice->manner.depth != 8)
		return 0.5;
	return direct_source(choice) && direct_target(choice) ? 1 : 0.5;
}

static void probing_costs_little(void **state)
{
	struct world world = world_of(&two_disks, first_is_best);

	(void)state;
	move_ranges(&world, 64);
	assert_int_equal(world.changes, 0);
	assert_true(world.ns < 1.15 * 64 * RANGE_BYTES);
	move_ranges(&world, 1000);
	assert_true(world.ns < 1.02 * 1064 * RANGE_BYTES);
}

/* A rate for each choice, between a third and three thirds, that depends on a seed alone. */
static unsigned world_seed;

static double any_rate(const struct tuner_choice *choice, unsigned range)
{
	uint32_t hash = world_seed * 2654435761u;

	(void)range;
	hash ^= (uint32_t)(choice->manner.flags & (MANNER_SOURCE_DIRECT | MANNER_TARGET_DIRECT));
	hash = (hash ^ choice->manner.depth << 8 ^ choice->workers << 16) * 2246822519u;
	hash = (hash ^ hash >> 15 ^ choice->manner.block_bytes) * 3266489917u;
	return (1 + 2.0 * (double)(hash >> 16) / 65535) / 3;
}

/* The plain way is the first that is probed, whatever it is called there. */
static double plain_rate(const struct tuner_facts *facts)
{
	struct tuner_facts refused = *facts;
	struct tuner tuner;

	refused.ring = false;
	tuner_begin(&tuner, &refused);
	if (!facts->cached)
		tuner.current.manner.depth = 4;
	return any_rate(&tuner.current, 0);
}

static void never_ends_up_slower_than_the_plain_way(void **state)
{
	(void)state;
	for (world_seed = 1; world_seed <= 500; world_seed++) {
		struct tuner_facts facts = two_disks;
		struct world world;

		facts.cached = world_seed % 3 == 0;
		facts.removable = world_seed % 5 == 0;
		world = world_of(&facts, any_rate);
		move_ranges(&world, 200);
		assert_true(any_rate(&world.tuner.current, 0) * 1.11 >= plain_rate(&facts));
	}
}

static void a_lost_range_ends_its_probe(void **state)
{
	struct tuner tuner;
	struct tuner_choice choice;
	unsigned trial = 0, again = 0;

	(void)state;
	tuner_begin(&tuner, &two_disks);
	for (unsigned i = 0; i < 100 && !trial; i++) {
		trial = tuner_issue(&tuner, &choice);
		if (!trial)
			tuner_measure(&tuner, 0, RANGE_BYTES, 1000);
	}
	assert_int_not_equal(trial, 0);
	tuner_forget(&tuner, trial);
	/* Its measurement, should it come all the same, counts for nothing. */
	assert_false(tuner_measure(&tuner, trial, RANGE_BYTES, 1));
	for (unsigned i = 0; i < 100 && !again; i++) {
		again = tuner_issue(&tuner, &choice);
		if (!again)
			tuner_measure(&tuner, 0, RANGE_BYTES, 1000);
	}
	assert_int_not_equal(again, 0);
	assert_int_not_equal(again, trial);
}

static void a_probe_through_the_cache_pays_for_its_writing(void **state)
{
	struct tuner tuner;
	struct tuner_choice choice;
	unsigned settled = 0;

	(void)state;
	tuner_begin(&tuner, &two_disks);
	for (unsigned i = 0; i < 100; i++) {
		unsigned trial = tuner_issue(&tuner, &choice);

		if (trial && !direct_target(&choice))
			settled += (choice.manner.flags & MANNER_SETTLE) != 0;
		else
			assert_false(choice.manner.flags & MANNER_SETTLE);
		tuner_measure(&tuner, trial, RANGE_BYTES, 1000);
	}
	assert_int_not_equal(settled, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cold_files_begin_past_the_cache),
		cmocka_unit_test(cached_files_are_read_from_the_cache),
		cmocka_unit_test(removable_devices_begin_shallow),
		cmocka_unit_test(some_places_leave_no_choice),
		cmocka_unit_test(what_the_user_asked_for_stays),
		cmocka_unit_test(nothing_goes_past_a_cache_that_is_all_there_is),
		cmocka_unit_test(buffered_reads_are_found_where_a_host_reads_ahead),
		cmocka_unit_test(a_removable_device_gets_deeper_if_that_helps),
		cmocka_unit_test(backs_off_when_a_device_gets_slow),
		cmocka_unit_test(noise_changes_little),
		cmocka_unit_test(probing_costs_little),
		cmocka_unit_test(never_ends_up_slower_than_the_plain_way),
		cmocka_unit_test(a_lost_range_ends_its_probe),
		cmocka_unit_test(a_probe_through_the_cache_pays_for_its_writing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
