/* SPDX-License-Identifier: MIT */
/* Speed and time left, with a clock that the tests turn. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "publisher/rate.h"

#define STEP_NS UINT64_C(50000000)
#define STEP_S  0.05
#define MEGA    UINT64_C(1000000)

struct job {
	struct rate rate;
	struct haul_totals totals;
	uint64_t now_ns;
};

static void job_start(struct job *job, uint64_t bytes, uint64_t files)
{
	*job = (struct job){.now_ns = 1000 * STEP_NS};
	job->totals.planning_done = 1;
	job->totals.counter[HAUL_BYTES_PLANNED] = bytes;
	job->totals.counter[HAUL_FILES_PLANNED] = files;
	rate_start(&job->rate, job->now_ns, &job->totals);
}

static void job_run(struct job *job, double seconds, uint64_t bytes_per_s, uint64_t files_per_s)
{
	for (double run = 0; run < seconds - STEP_S / 2; run += STEP_S) {
		job->totals.counter[HAUL_BYTES_ACCEPTED] += bytes_per_s / 20;
		job->totals.counter[HAUL_FILES_DONE] += files_per_s / 20;
		job->now_ns += STEP_NS;
		rate_update(&job->rate, job->now_ns, &job->totals);
	}
}

static void assert_near(double found, double expected, double share)
{
	if (fabs(found - expected) > fabs(expected) * share)
		fail_msg("%g is not near %g", found, expected);
}

static void assert_eta(const struct job *job, double expected, double share)
{
	double eta_s = -1;

	assert_true(rate_eta(&job->rate, &eta_s));
	assert_near(eta_s, expected, share);
}

static void first_speed_is_the_plain_average(void **state)
{
	struct job job;

	(void)state;
	job_start(&job, 1000 * MEGA, 1);
	job_run(&job, 0.05, 100 * MEGA, 0);
	assert_near(rate_bytes_per_s(&job.rate), 100e6, 0.001);
	job_run(&job, 1, 100 * MEGA, 200);
	assert_near(rate_bytes_per_s(&job.rate), 100e6, 0.001);
	assert_near(rate_files_per_s(&job.rate), 200, 0.05);
}

static void speed_follows_a_change(void **state)
{
	struct job job;

	(void)state;
	job_start(&job, 100000 * MEGA, 1);
	job_run(&job, 30, 100 * MEGA, 0);
	job_run(&job, 2, 10 * MEGA, 0);
	assert_true(rate_bytes_per_s(&job.rate) < 50e6);
	job_run(&job, 8, 10 * MEGA, 0);
	assert_near(rate_bytes_per_s(&job.rate), 10e6, 0.25);
}

static void time_left_is_right_when_steady(void **state)
{
	struct job job;

	(void)state;
	job_start(&job, 10000 * MEGA, 1);
	job_run(&job, 1, 100 * MEGA, 0);
	assert_eta(&job, 99, 0.01);
	job_run(&job, 50, 100 * MEGA, 0);
	assert_eta(&job, 49, 0.01);
	job_run(&job, 39, 100 * MEGA, 0);
	assert_eta(&job, 10, 0.01);
}

/* 64 kB of work for each file: without that, a tree of empty files would never have a time left. */
static void small_files_count(void **state)
{
	struct job job;

	(void)state;
	job_start(&job, 0, 10000);
	job_run(&job, 5, 0, 1000);
	assert_eta(&job, 5, 0.02);
}

static void nothing_is_said_before_it_is_known(void **state)
{
	struct job job;
	double eta_s;

	(void)state;
	job_start(&job, 1000 * MEGA, 1);
	job.totals.planning_done = 0;
	job_run(&job, 2, 100 * MEGA, 0);
	assert_false(rate_eta(&job.rate, &eta_s));
	job.totals.planning_done = 1;
	job_run(&job, 0.1, 100 * MEGA, 0);
	assert_true(rate_eta(&job.rate, &eta_s));
	job_start(&job, 1000 * MEGA, 1);
	job_run(&job, 2, 0, 0);
	assert_false(rate_eta(&job.rate, &eta_s));
}

/* With a speed that swings between a tenth and double, the time left stays a smooth line. */
static void time_left_does_not_jump(void **state)
{
	struct job job;
	double before = -1, eta_s = -1;

	(void)state;
	job_start(&job, 30000 * MEGA, 1);
	job_run(&job, 10, 100 * MEGA, 0);
	rate_eta(&job.rate, &before);
	for (unsigned step = 0; step < 400; step++) {
		job_run(&job, STEP_S, step / 10 % 2 ? 10 * MEGA : 190 * MEGA, 0);
		assert_true(rate_eta(&job.rate, &eta_s));
		assert_true(fabs(eta_s - before) < 2);
		before = eta_s;
	}
}

static void a_pause_takes_no_time(void **state)
{
	struct job job;
	double before = -1;

	(void)state;
	job_start(&job, 1000 * MEGA, 1);
	job_run(&job, 2, 100 * MEGA, 0);
	rate_eta(&job.rate, &before);
	job.totals.state = HAUL_STATE_PAUSED;
	job_run(&job, 60, 0, 0);
	job.totals.state = HAUL_STATE_RUNNING;
	assert_near(rate_bytes_per_s(&job.rate), 100e6, 0.01);
	assert_eta(&job, before, 0.001);
}

/* A worker died: its lane was set back, and what it did is done and counted again. */
static void totals_may_fall(void **state)
{
	struct job job;

	(void)state;
	job_start(&job, 1000 * MEGA, 1);
	job_run(&job, 2, 100 * MEGA, 0);
	job.totals.counter[HAUL_BYTES_ACCEPTED] -= 50 * MEGA;
	job_run(&job, 2, 100 * MEGA, 0);
	assert_near(rate_bytes_per_s(&job.rate), 98e6, 0.05);
	assert_eta(&job, 6.5, 0.1);
}

static void a_clock_that_stands_is_no_harm(void **state)
{
	struct job job;

	(void)state;
	job_start(&job, 1000 * MEGA, 1);
	rate_update(&job.rate, job.now_ns, &job.totals);
	rate_update(&job.rate, job.now_ns - 1, &job.totals);
	assert_near(rate_bytes_per_s(&job.rate), 0, 0);
}

/* It has a speed of its own: that of copying says nothing about it. */
static void writing_is_told_when_all_is_accepted(void **state)
{
	uint64_t unwritten = 1000 * MEGA;
	struct job job;
	double eta_s;

	(void)state;
	job_start(&job, 1000 * MEGA, 1);
	job_run(&job, 1, 1000 * MEGA, 1);
	job.now_ns += STEP_NS;
	rate_update_writing(&job.rate, job.now_ns, unwritten);
	assert_true(rate_bytes_per_s(&job.rate) == 0);
	assert_false(rate_eta(&job.rate, &eta_s));
	for (unsigned step = 0; step < 20; step++) {
		unwritten -= 5 * MEGA;
		job.now_ns += STEP_NS;
		rate_update_writing(&job.rate, job.now_ns, unwritten);
	}
	assert_near(rate_bytes_per_s(&job.rate), 100e6, 0.001);
	assert_eta(&job, 9, 0.001);
	/* A move goes on, and is not written twice. */
	job_run(&job, 0.05, 0, 0);
	job.now_ns += STEP_NS;
	rate_update_writing(&job.rate, job.now_ns, unwritten);
	assert_true(rate_bytes_per_s(&job.rate) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_speed_is_the_plain_average),
		cmocka_unit_test(speed_follows_a_change),
		cmocka_unit_test(time_left_is_right_when_steady),
		cmocka_unit_test(small_files_count),
		cmocka_unit_test(nothing_is_said_before_it_is_known),
		cmocka_unit_test(time_left_does_not_jump),
		cmocka_unit_test(a_pause_takes_no_time),
		cmocka_unit_test(totals_may_fall),
		cmocka_unit_test(a_clock_that_stands_is_no_harm),
		cmocka_unit_test(writing_is_told_when_all_is_accepted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
