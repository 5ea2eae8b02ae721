/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#include "progress/words.h"
#include "tests/unit/region_fixture.h"
#include "util/clock.h"

#define RING_BYTES 4096u

static int open_result(const struct region *region)
{
	struct haul_reader *reader;
	int error = haul_reader_open_fd(region->inherit_fd, &reader);

	if (!error)
		haul_reader_close(reader);
	return error;
}

/* ---- what is let in ---- */

static void no_job_no_reader(void **state)
{
	struct haul_reader *reader = NULL;

	(void)state;
	assert_int_equal(haul_reader_open("there-is-no-such-job", &reader), -ENOENT);
	assert_int_equal(haul_reader_open("", &reader), -EINVAL);
	assert_int_equal(haul_reader_open("..", &reader), -EINVAL);
	assert_int_equal(haul_reader_open("/no/such/path", &reader), -ENOENT);
	assert_int_equal(haul_reader_open("/dev/null", &reader), -EPROTO);
	assert_int_equal(haul_reader_open("/proc", &reader), -EPROTO);
	assert_int_equal(haul_reader_open_fd(-1, &reader), -EBADF);
	assert_null(reader);
	haul_reader_close(NULL);
}

static void a_region_is_found_by_name_path_and_descriptor(void **state)
{
	struct region region = fixture_region(1, RING_BYTES);
	struct haul_reader *reader;

	(void)state;
	assert_int_equal(haul_reader_open(region.header->job, &reader), 0);
	assert_string_equal(haul_reader_header(reader)->job, region.header->job);
	haul_reader_close(reader);
	assert_int_equal(haul_reader_open(region.path, &reader), 0);
	haul_reader_close(reader);
	assert_int_equal(open_result(&region), 0);
	region_remove(&region);
}

static void versions_decide_who_reads_what(void **state)
{
	static const struct {
		uint32_t version, compatible;
		int result;
	} rows[] = {
		{HAUL_ABI_VERSION, HAUL_ABI_COMPATIBLE, 0},
		{HAUL_ABI_VERSION + 1, HAUL_ABI_VERSION, 0},
		{HAUL_ABI_VERSION + 9, 1, 0},
		{HAUL_ABI_VERSION + 1, HAUL_ABI_VERSION + 1, -EPROTO},
		{HAUL_ABI_VERSION, HAUL_ABI_VERSION + 1, -EPROTO},
		{0, 0, -EPROTO},
	};
	struct region region = fixture_region(1, RING_BYTES);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		region.header->abi_version = rows[i].version;
		region.header->abi_compatible = rows[i].compatible;
		assert_int_equal(open_result(&region), rows[i].result);
	}
	region_remove(&region);
}

static void what_others_could_shorten_is_refused(void **state)
{
	struct region region = fixture_region(1, RING_BYTES);

	(void)state;
	assert_int_equal(fchmod(region.inherit_fd, 0620), 0);
	assert_int_equal(open_result(&region), -EPERM);
	assert_int_equal(fchmod(region.inherit_fd, 0644), 0);
	assert_int_equal(open_result(&region), 0);
	if (geteuid() == 0) {
		assert_int_equal(fchown(region.inherit_fd, 12345, 12345), 0);
		assert_int_equal(open_result(&region), -EPERM);
	}
	region_remove(&region);
}

/* ---- order and loss ---- */

static int next_result(struct haul_reader *reader)
{
	const struct haul_record *record;

	return haul_reader_next(reader, &record, NULL, NULL);
}

static void records_come_in_the_order_of_their_time(void **state)
{
	static const unsigned lane_of[] = {1, 0, 2, 2, 1, 0};
	struct region region = fixture_region(3, RING_BYTES);
	struct haul_reader *reader = fixture_reader(&region);
	const struct haul_record *record;
	unsigned lane;

	(void)state;
	for (unsigned number = 3; number-- > 0;) {
		struct lane writer = fixture_lane(&region, number);

		for (uint64_t time_ns = 0; time_ns < 6; time_ns++)
			if (lane_of[time_ns] == number)
				fixture_append(&writer, time_ns, 100 + time_ns);
	}
	for (uint64_t time_ns = 0; time_ns < 6; time_ns++) {
		assert_int_equal(haul_reader_next(reader, &record, &lane, NULL), HAUL_NEXT_RECORD);
		assert_int_equal(record->time_ns, 100 + time_ns);
		assert_int_equal(lane, lane_of[time_ns]);
	}
	assert_int_equal(next_result(reader), HAUL_NEXT_NOTHING);
	haul_reader_close(reader);
	region_remove(&region);
}

static void an_overrun_tells_how_many_and_where(void **state)
{
	struct region region = fixture_region(2, RING_BYTES);
	struct lane lane = fixture_lane(&region, 1);
	struct haul_reader *reader = fixture_reader(&region);
	const struct haul_record *record;
	struct fixture_sum sum = {0};
	uint64_t lost = 0;
	unsigned number = 99;

	(void)state;
	fixture_append(&lane, 0, 0);
	assert_int_equal(next_result(reader), HAUL_NEXT_RECORD);
	for (uint64_t i = 1; i < 1000; i++)
		fixture_append(&lane, i, i);
	assert_int_equal(haul_reader_next(reader, &record, &number, &lost), HAUL_NEXT_OVERRUN);
	assert_int_equal(number, 1);
	assert_true(lost > 900);
	assert_int_equal(haul_reader_next(reader, &record, &number, NULL), HAUL_NEXT_RECORD);
	assert_int_equal(record->sequence, 2 + lost);
	assert_int_equal(fixture_drain(reader, &sum), 0);
	assert_int_equal(2 + lost + sum.records, 1000);
	assert_int_equal(sum.lost, 0);
	assert_int_equal(sum.broken, 0);
	haul_reader_close(reader);
	region_remove(&region);
}

static void an_overrun_of_what_was_peeked_at_counts_too(void **state)
{
	struct region region = fixture_region(2, RING_BYTES);
	struct lane early = fixture_lane(&region, 0), late = fixture_lane(&region, 1);
	struct haul_reader *reader = fixture_reader(&region);
	struct fixture_sum sum = {0};

	(void)state;
	fixture_append(&early, 0, 1);
	fixture_append(&late, 0, 2);
	/* The reader now has seen the header of the late record, and then it is overwritten. */
	assert_int_equal(next_result(reader), HAUL_NEXT_RECORD);
	for (uint64_t i = 1; i < 100; i++)
		fixture_append(&late, i, i);
	assert_int_equal(fixture_drain(reader, &sum), 0);
	assert_int_equal(sum.records + sum.lost, 100);
	assert_true(sum.lost > 0);
	assert_int_equal(sum.broken, 0);
	haul_reader_close(reader);
	region_remove(&region);
}

static void a_late_reader_begins_with_what_is_left(void **state)
{
	struct region region = fixture_region(2, RING_BYTES);
	struct lane lane = fixture_lane(&region, 1);
	struct haul_reader *reader;
	struct fixture_sum sum = {0};
	struct haul_totals totals;

	(void)state;
	for (uint64_t i = 0; i < 1000; i++) {
		fixture_append(&lane, i, i);
		lane_add(&lane, HAUL_FILES_DONE, 1);
	}
	reader = fixture_reader(&region);
	haul_reader_totals(reader, &totals);
	assert_int_equal(totals.counter[HAUL_FILES_DONE], 1000);
	/* What is overwritten between attaching and reading is a loss, though. */
	for (uint64_t i = 1000; i < 1100; i++)
		fixture_append(&lane, i, i);
	assert_int_equal(fixture_drain(reader, &sum), 0);
	assert_in_range(sum.records, 10, 100);
	assert_in_range(sum.records + sum.lost, 101, 130);
	assert_int_equal(sum.broken, 0);
	haul_reader_close(reader);
	region_remove(&region);
}

static void readers_do_not_disturb_each_other(void **state)
{
	struct region region = fixture_region(2, RING_BYTES);
	struct lane lane = fixture_lane(&region, 1);
	struct haul_reader *reader[8];
	struct fixture_sum sum[8] = {0};

	(void)state;
	for (unsigned i = 0; i < 8; i++)
		reader[i] = fixture_reader(&region);
	for (uint64_t i = 0; i < 2000; i++) {
		fixture_append(&lane, i, i);
		/* Each reads half as often as the one before. */
		for (unsigned r = 0; r < 8; r++)
			if (i % (1u << r) == 0)
				assert_int_equal(fixture_drain(reader[r], &sum[r]), 0);
	}
	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(fixture_drain(reader[i], &sum[i]), 0);
		assert_int_equal(sum[i].records + sum[i].lost, 2000);
		assert_int_equal(sum[i].broken, 0);
		haul_reader_close(reader[i]);
	}
	assert_int_equal(sum[0].lost, 0);
	assert_true(sum[7].lost > 0);
	region_remove(&region);
}

/* ---- waiting ---- */

static void waiting_ends_by_time_or_by_the_bell(void **state)
{
	struct region region = fixture_region(1, RING_BYTES);
	struct lane lane = fixture_lane(&region, 0);
	struct haul_reader *reader = fixture_reader(&region);
	uint64_t start_ns = clock_monotonic_ns();

	(void)state;
	assert_int_equal(haul_reader_wait(reader, 30), HAUL_WAIT_TIMEOUT);
	assert_in_range(clock_monotonic_ns() - start_ns, 30000000, 5000000000);
	/* Longer than one look after the coordinator's life. */
	start_ns = clock_monotonic_ns();
	assert_int_equal(haul_reader_wait(reader, 350), HAUL_WAIT_TIMEOUT);
	assert_in_range(clock_monotonic_ns() - start_ns, 350000000, 5000000000);

	lane_add(&lane, HAUL_FILES_DONE, 1);
	lane_ring(&lane, clock_monotonic_ns(), true);
	assert_int_equal(haul_reader_wait(reader, -1), HAUL_WAIT_NEWS);
	assert_int_equal(haul_reader_wait(reader, 0), HAUL_WAIT_TIMEOUT);
	haul_reader_close(reader);
	region_remove(&region);
}

static void *ring_later(void *context)
{
	struct lane *lane = context;

	fixture_sleep_ms(50);
	lane_add(lane, HAUL_FILES_DONE, 1);
	lane_ring(lane, clock_monotonic_ns(), true);
	return NULL;
}

static void the_bell_wakes_a_sleeper(void **state)
{
	struct region region = fixture_region(1, RING_BYTES);
	struct lane lane = fixture_lane(&region, 0);
	struct haul_reader *reader = fixture_reader(&region);
	pthread_t thread;
	uint64_t start_ns = clock_monotonic_ns();

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, ring_later, &lane), 0);
	assert_int_equal(haul_reader_wait(reader, 20000), HAUL_WAIT_NEWS);
	assert_in_range(clock_monotonic_ns() - start_ns, 50000000, 10000000000);
	assert_int_equal(pthread_join(thread, NULL), 0);
	haul_reader_close(reader);
	region_remove(&region);
}

static void ignore(int signal_number)
{
	(void)signal_number;
}

static void a_signal_ends_the_wait(void **state)
{
	struct region region = fixture_region(1, RING_BYTES);
	struct haul_reader *reader = fixture_reader(&region);
	struct sigaction action = {.sa_handler = ignore};
	pid_t pid;

	(void)state;
	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
	pid = fixture_fork();
	if (pid == 0) {
		fixture_sleep_ms(50);
		_exit(kill(getppid(), SIGUSR1) ? 1 : 0);
	}
	assert_int_equal(haul_reader_wait(reader, -1), -EINTR);
	assert_int_equal(fixture_exit_status(pid), 0);
	haul_reader_close(reader);
	region_remove(&region);
}

static void an_end_is_not_a_death(void **state)
{
	struct region region = fixture_region(1, RING_BYTES);
	struct haul_reader *reader = fixture_reader(&region);

	(void)state;
	region_set_state(&region, HAUL_STATE_DONE, 0);
	region_remove(&region);
	assert_int_equal(haul_reader_wait(reader, -1), HAUL_WAIT_NEWS);
	/* Nobody will ring again, so even an endless wait ends. */
	assert_int_equal(haul_reader_wait(reader, -1), HAUL_WAIT_TIMEOUT);
	haul_reader_close(reader);
}

static void a_death_is_neither_an_end_nor_an_overrun(void **state)
{
	struct region region = fixture_region(1, RING_BYTES);
	struct lane lane = fixture_lane(&region, 0);
	struct haul_reader *reader = fixture_reader(&region);
	struct fixture_sum sum = {0};
	struct haul_totals totals;

	(void)state;
	fixture_append(&lane, 1, 1);
	region_remove(&region);
	assert_int_equal(haul_reader_wait(reader, -1), HAUL_WAIT_GONE);
	/* What it had said can still be read. */
	assert_int_equal(fixture_drain(reader, &sum), 0);
	assert_int_equal(sum.records, 1);
	assert_int_equal(sum.lost, 0);
	haul_reader_totals(reader, &totals);
	assert_int_equal(totals.state, HAUL_STATE_RUNNING);
	assert_int_equal(haul_reader_wait(reader, -1), HAUL_WAIT_GONE);
	haul_reader_close(reader);
}

static void workers_that_still_ring_do_not_hide_a_death(void **state)
{
	struct region region = fixture_region(2, RING_BYTES);
	struct lane lane = fixture_lane(&region, 1);
	struct haul_reader *reader = fixture_reader(&region);
	uint64_t end_ns = clock_monotonic_ns() + 1000000000;
	int waited = HAUL_WAIT_NEWS;

	(void)state;
	assert_int_equal(haul_reader_wait(reader, 0), HAUL_WAIT_TIMEOUT);
	close(region.lock_fd);
	region.lock_fd = -1;
	while (waited == HAUL_WAIT_NEWS && clock_monotonic_ns() < end_ns) {
		lane_add(&lane, HAUL_FILES_DONE, 1);
		lane_ring(&lane, clock_monotonic_ns(), true);
		waited = haul_reader_wait(reader, -1);
	}
	assert_int_equal(waited, HAUL_WAIT_GONE);
	haul_reader_close(reader);
	region_remove(&region);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_job_no_reader),
		cmocka_unit_test(a_region_is_found_by_name_path_and_descriptor),
		cmocka_unit_test(versions_decide_who_reads_what),
		cmocka_unit_test(what_others_could_shorten_is_refused),
		cmocka_unit_test(records_come_in_the_order_of_their_time),
		cmocka_unit_test(an_overrun_tells_how_many_and_where),
		cmocka_unit_test(an_overrun_of_what_was_peeked_at_counts_too),
		cmocka_unit_test(a_late_reader_begins_with_what_is_left),
		cmocka_unit_test(readers_do_not_disturb_each_other),
		cmocka_unit_test(waiting_ends_by_time_or_by_the_bell),
		cmocka_unit_test(the_bell_wakes_a_sleeper),
		cmocka_unit_test(a_signal_ends_the_wait),
		cmocka_unit_test(an_end_is_not_a_death),
		cmocka_unit_test(a_death_is_neither_an_end_nor_an_overrun),
		cmocka_unit_test(workers_that_still_ring_do_not_hide_a_death),
	};

	alarm(FIXTURE_SECONDS_MAX);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
