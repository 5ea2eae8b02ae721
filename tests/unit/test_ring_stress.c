/* SPDX-License-Identifier: MIT */
/*
 * Writers at full speed, small rings and several readers at once. What every reader must be able to
 * say at the end: records read + records lost = records written, and none was broken.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>

#include "progress/reader.h"
#include "tests/unit/region_fixture.h"
#include "util/clock.h"

#define RING_BYTES 8192u
#define RUN_NS     500000000u
#define WRITERS    2u
#define READERS    3u
#define KILLS      60

/* ---- what a writer and a reader do, as a thread or a process ---- */

/* Appends for RUN_NS. Every lane's records are numbered from 0, and a counter goes along. */
static void write_for_a_while(struct lane *lane)
{
	uint64_t now_ns = clock_monotonic_ns();
	uint64_t end_ns = now_ns + RUN_NS;

	for (uint64_t number = 0; now_ns < end_ns; number++) {
		fixture_append(lane, number, now_ns);
		lane_add(lane, HAUL_FILES_DONE, 1);
		now_ns = clock_monotonic_ns();
		lane_ring(lane, now_ns, false);
	}
	lane_ring(lane, now_ns, true);
}

/* Reads until the job has ended or died. Returns 0, or the reader's error. */
static int read_to_the_end(struct haul_reader *reader, struct fixture_sum *sum)
{
	int waited = HAUL_WAIT_NEWS;

	while (waited >= 0) {
		struct haul_totals totals;
		int error;

		haul_reader_totals(reader, &totals);
		error = fixture_drain(reader, sum);
		if (error || totals.state >= HAUL_STATE_DONE || waited == HAUL_WAIT_GONE)
			return error;
		waited = haul_reader_wait(reader, 1000);
	}
	return waited;
}

static uint64_t written(const struct haul_reader *reader)
{
	struct haul_totals totals;

	haul_reader_totals(reader, &totals);
	return totals.counter[HAUL_FILES_DONE];
}

static bool adds_up(const struct haul_reader *reader, const struct fixture_sum *sum)
{
	return sum->broken == 0 && sum->records > 0 && sum->records + sum->lost == written(reader);
}

/* ---- threads: the same addresses on both sides, so that a sanitizer sees both ---- */

struct reading {
	struct haul_reader *reader;
	struct fixture_sum sum;
	int error;
};

static void *writer_thread(void *context)
{
	write_for_a_while(context);
	return NULL;
}

static void *reader_thread(void *context)
{
	struct reading *reading = context;

	reading->error = read_to_the_end(reading->reader, &reading->sum);
	return NULL;
}

static void threads_read_what_threads_write(void **state)
{
	struct region region = fixture_region(WRITERS + 1, RING_BYTES);
	struct reading reading[READERS] = {0};
	struct lane lane[WRITERS];
	pthread_t reader[READERS], writer[WRITERS];

	(void)state;
	for (unsigned i = 0; i < READERS; i++) {
		assert_int_equal(
			haul_reader_open_map(region.inherit_fd, region.header, &reading[i].reader),
			0);
		assert_int_equal(pthread_create(&reader[i], NULL, reader_thread, &reading[i]), 0);
	}
	for (unsigned i = 0; i < WRITERS; i++) {
		lane[i] = fixture_lane(&region, i + 1);
		assert_int_equal(pthread_create(&writer[i], NULL, writer_thread, &lane[i]), 0);
	}
	for (unsigned i = 0; i < WRITERS; i++)
		assert_int_equal(pthread_join(writer[i], NULL), 0);
	region_set_state(&region, HAUL_STATE_DONE, 0);
	for (unsigned i = 0; i < READERS; i++) {
		assert_int_equal(pthread_join(reader[i], NULL), 0);
		assert_int_equal(reading[i].error, 0);
		assert_true(adds_up(reading[i].reader, &reading[i].sum));
		haul_reader_close(reading[i].reader);
	}
	region_remove(&region);
}

/* ---- processes ---- */

static pid_t start_reader(const struct region *region, bool must_lose)
{
	/* Opened here, so that it is there before the first record. */
	struct haul_reader *reader = fixture_reader(region);
	struct fixture_sum sum = {0};
	pid_t pid = fixture_fork();

	if (pid == 0) {
		bool good = !read_to_the_end(reader, &sum) && adds_up(reader, &sum) &&
			    (!must_lose || sum.lost > 0);

		_exit(good ? 0 : 1);
	}
	haul_reader_close(reader);
	return pid;
}

static pid_t start_writer(const struct region *region, unsigned index)
{
	pid_t pid = fixture_fork();
	struct lane lane;

	if (pid == 0) {
		if (lane_open(region, index, HAUL_ROLE_WORKER, &lane))
			_exit(1);
		write_for_a_while(&lane);
		_exit(0);
	}
	return pid;
}

static void processes_read_what_processes_write(void **state)
{
	struct region region = fixture_region(WRITERS + 1, RING_BYTES);
	pid_t reader[READERS], writer[WRITERS];

	(void)state;
	for (unsigned i = 0; i < READERS; i++)
		reader[i] = start_reader(&region, false);
	for (unsigned i = 0; i < WRITERS; i++)
		writer[i] = start_writer(&region, i + 1);
	for (unsigned i = 0; i < WRITERS; i++)
		assert_int_equal(fixture_exit_status(writer[i]), 0);
	region_set_state(&region, HAUL_STATE_DONE, 0);
	for (unsigned i = 0; i < READERS; i++)
		assert_int_equal(fixture_exit_status(reader[i]), 0);
	region_remove(&region);
}

static void a_stopped_reader_stops_nobody(void **state)
{
	struct region region = fixture_region(2, RING_BYTES);
	pid_t reader = start_reader(&region, true);
	uint64_t start_ns = clock_monotonic_ns();
	pid_t writer;

	(void)state;
	assert_int_equal(kill(reader, SIGSTOP), 0);
	writer = start_writer(&region, 1);
	assert_int_equal(fixture_exit_status(writer), 0);
	/* The writer had its time and no more. */
	assert_in_range(clock_monotonic_ns() - start_ns, RUN_NS, 20 * (uint64_t)RUN_NS);
	region_set_state(&region, HAUL_STATE_DONE, 0);
	assert_int_equal(kill(reader, SIGCONT), 0);
	assert_int_equal(fixture_exit_status(reader), 0);
	region_remove(&region);
}

/* ---- death ---- */

static void append_until_killed(const struct region *region, uint64_t number)
{
	struct lane lane;

	if (lane_open(region, 1, HAUL_ROLE_WORKER, &lane))
		_exit(1);
	for (;; number++) {
		fixture_append(&lane, number, clock_monotonic_ns());
		lane_ring(&lane, clock_monotonic_ns(), false);
	}
}

static void writers_killed_at_any_moment_break_no_record(void **state)
{
	struct region region = fixture_region(2, RING_BYTES);
	struct haul_reader *reader = fixture_reader(&region);
	struct fixture_sum sum = {0};

	(void)state;
	for (int i = 0; i < KILLS; i++) {
		pid_t pid = fixture_fork();

		if (pid == 0)
			append_until_killed(&region, (uint64_t)i * 1000);
		/* Some before they have begun, some in the middle of it. */
		for (int step = 0; step < i % 4; step++) {
			fixture_sleep_ms(1);
			assert_int_equal(fixture_drain(reader, &sum), 0);
		}
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(fixture_exit_status(pid), 128 + SIGKILL);
	}
	/* Taking the lane over once more makes the last sequence that of the last record. */
	(void)fixture_lane(&region, 1);
	assert_int_equal(fixture_drain(reader, &sum), 0);
	assert_int_equal(sum.broken, 0);
	assert_true(sum.records > 0);
	assert_int_equal(sum.records + sum.lost, fixture_lane(&region, 1).shared->sequence);
	haul_reader_close(reader);
	region_remove(&region);
}

static void a_killed_coordinator_is_not_an_overrun(void **state)
{
	char job[HAUL_JOB_BYTES], path[REGION_PATH_BYTES];
	struct fixture_sum sum = {0};
	struct haul_reader *reader;
	struct region region;
	int ready[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	pid = fixture_fork();
	if (pid == 0) {
		region = fixture_region(2, 0);
		if (write(ready[1], region.header->job, HAUL_JOB_BYTES) != HAUL_JOB_BYTES)
			_exit(1);
		append_until_killed(&region, 0);
	}
	assert_int_equal(read(ready[0], job, sizeof(job)), sizeof(job));
	assert_int_equal(haul_reader_open(job, &reader), 0);
	while (sum.records == 0)
		assert_int_equal(fixture_drain(reader, &sum), 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(fixture_exit_status(pid), 128 + SIGKILL);
	assert_int_equal(read_to_the_end(reader, &sum), 0);
	assert_int_equal(haul_reader_wait(reader, -1), HAUL_WAIT_GONE);
	assert_int_equal(sum.broken, 0);
	haul_reader_close(reader);

	/* The test cleans up what the dead one left. */
	snprintf(path, sizeof(path), "/dev/shm/haul-%u/%s.progress", (unsigned)geteuid(), job);
	assert_int_equal(unlink(path), 0);
	close(ready[0]);
	close(ready[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_read_what_threads_write),
		cmocka_unit_test(processes_read_what_processes_write),
		cmocka_unit_test(a_stopped_reader_stops_nobody),
		cmocka_unit_test(writers_killed_at_any_moment_break_no_record),
		cmocka_unit_test(a_killed_coordinator_is_not_an_overrun),
	};

	alarm(FIXTURE_SECONDS_MAX);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
