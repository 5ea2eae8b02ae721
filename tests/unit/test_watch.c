/* SPDX-License-Identifier: MIT */
/* Events made of a progress region that the test writes itself. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "progress/region.h"
#include "publisher/watch.h"

#define EVENTS_MAX 4096
#define MS         UINT64_C(1000000)

struct fixture {
	struct region region;
	struct lane lane[3];
	struct watch *watch;
	uint64_t now_ns;
	uint64_t seq;
	uint64_t time_ns;
	unsigned count;
	char *event[EVENTS_MAX]; /* as JSON, without what all have in common */
};

static void take(void *context, const struct event *event)
{
	static char text[EVENT_JSON_BYTES];
	struct fixture *fixture = context;
	struct json json;
	char *members;

	assert_int_equal(event->seq, ++fixture->seq);
	assert_true(event->time_ns >= fixture->time_ns);
	fixture->time_ns = event->time_ns;
	json_open(&json, text, sizeof(text) - 1);
	event_write(event, &json);
	assert_false(json.overflow);
	text[json.used] = '\0';
	members = strstr(strstr(text, "\"time\":"), ",") + 1;
	assert_true(fixture->count < EVENTS_MAX);
	fixture->event[fixture->count] = strdup(members);
	assert_non_null(fixture->event[fixture->count++]);
}

static void forget(struct fixture *fixture)
{
	while (fixture->count)
		free(fixture->event[--fixture->count]);
}

static int open_job(struct fixture *fixture, uint32_t ring_bytes)
{
	static const char *const arguments[] = {"from", "to"};
	const struct region_spec spec = {
		.operation = "cp",
		.arguments = arguments,
		.argument_count = 2,
		.lane_count = 3,
		.ring_bytes = ring_bytes,
	};
	const struct watch_target target = {take, fixture};
	struct haul_reader *reader;

	assert_int_equal(region_create(&spec, &fixture->region), 0);
	assert_int_equal(
		lane_open(&fixture->region, 0, HAUL_ROLE_COORDINATOR, &fixture->lane[0]), 0);
	for (unsigned at = 1; at < 3; at++)
		assert_int_equal(
			lane_open(&fixture->region, at, HAUL_ROLE_WORKER, &fixture->lane[at]), 0);
	assert_int_equal(haul_reader_open_fd(fixture->region.inherit_fd, &reader), 0);
	fixture->now_ns = fixture->region.header->start_monotonic_ns;
	assert_int_equal(watch_open(reader, fixture->now_ns, 1, &target, &fixture->watch), 0);
	return 0;
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	*state = fixture;
	return fixture ? open_job(fixture, 0) : -1;
}

static int set_up_small(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	*state = fixture;
	return fixture ? open_job(fixture, 4096) : -1;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	forget(fixture);
	watch_close(fixture->watch);
	if (fixture->region.header)
		region_remove(&fixture->region);
	free(fixture);
	return 0;
}

static void put_file(struct fixture *fixture, unsigned lane, enum haul_record_type type,
	uint64_t after_ms, const char *name)
{
	const struct lane_file file = {
		.name = name,
		.name_bytes = strlen(name),
		.bytes = 12,
		.error = type == HAUL_RECORD_FILE_FAILED ? ENOSPC : 0,
		.message = type == HAUL_RECORD_FILE_FAILED ? "full" : NULL,
	};

	lane_file(&fixture->lane[lane], type,
		fixture->region.header->start_monotonic_ns + after_ms * MS, &file);
}

static int step(struct fixture *fixture, uint64_t ms)
{
	fixture->now_ns += ms * MS;
	return watch_step(fixture->watch, fixture->now_ns);
}

static void assert_event(const struct fixture *fixture, unsigned at, const char *start)
{
	assert_true(at < fixture->count);
	if (strncmp(fixture->event[at], start, strlen(start)) != 0)
		fail_msg("event %u is %s instead of %s", at, fixture->event[at], start);
}

static void assert_contains(const struct fixture *fixture, unsigned at, const char *part)
{
	assert_true(at < fixture->count);
	if (!strstr(fixture->event[at], part))
		fail_msg("event %u is %s without %s", at, fixture->event[at], part);
}

static void lanes_are_merged_by_time(void **state)
{
	struct fixture *fixture = *state;

	assert_event(fixture, 0,
		"\"state\":\"started\",\"op\":\"cp\",\"sources\":[\"from\"],\"dest\":\"to\"}");
	put_file(fixture, 1, HAUL_RECORD_FILE_DONE, 1, "a");
	put_file(fixture, 1, HAUL_RECORD_FILE_DONE, 3, "c");
	put_file(fixture, 2, HAUL_RECORD_FILE_SKIPPED, 2, "b");
	put_file(fixture, 0, HAUL_RECORD_FILE_FAILED, 4, "d");
	assert_int_equal(step(fixture, 10), WATCH_RUNNING);
	assert_true(watch_moved(fixture->watch));
	assert_int_equal(fixture->count, 5);
	assert_event(fixture, 1, "\"path\":\"a\",\"state\":\"done\",\"bytes\":12}");
	assert_event(fixture, 2, "\"path\":\"b\",\"state\":\"skipped\"");
	assert_event(fixture, 3, "\"path\":\"c\",\"state\":\"done\"");
	assert_event(fixture, 4,
		"\"path\":\"d\",\"state\":\"failed\",\"bytes\":12,\"errno\":\"ENOSPC\","
		"\"message\":\"full\"}");
	/* Comes to light late: still no step back in time. take() checks that. */
	put_file(fixture, 2, HAUL_RECORD_FILE_DONE, 1, "e");
	step(fixture, 1);
	assert_int_equal(fixture->count, 6);
	step(fixture, 1);
	assert_false(watch_moved(fixture->watch));
}

static void progress_is_told_at_most_20_times_a_second(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned at = 0; at < 1000; at++) {
		lane_add(&fixture->lane[1], HAUL_BYTES_ACCEPTED, 1000);
		step(fixture, 1);
	}
	assert_in_range(fixture->count, 20, 21);
	assert_contains(fixture, 20, "\"accepted\":1000000");
	forget(fixture);
	for (unsigned at = 0; at < 1000; at++)
		step(fixture, 1);
	assert_in_range(fixture->count, 9, 11); /* it stands, and that is news too */
}

static void progress_names_what_is_under_way(void **state)
{
	struct fixture *fixture = *state;

	put_file(fixture, 1, HAUL_RECORD_FILE_STARTED, 1, "large");
	put_file(fixture, 2, HAUL_RECORD_FILE_STARTED, 2, "larger");
	put_file(fixture, 2, HAUL_RECORD_FILE_DONE, 3, "small");
	step(fixture, 100);
	assert_contains(fixture, 2, "\"current\":[\"large\",\"larger\"]");
	put_file(fixture, 2, HAUL_RECORD_FILE_DONE, 101, "large"); /* by another worker */
	step(fixture, 100);
	assert_contains(fixture, 4, "\"current\":[\"larger\"]");
	put_file(fixture, 2, HAUL_RECORD_FILE_FAILED, 201, "larger");
	step(fixture, 100);
	assert_contains(
		fixture, 6, "\"current\":[\"larger\"]"); /* the latest, for want of others */
	for (char name[] = "a"; name[0] < 'm'; name[0]++)
		put_file(fixture, 1, HAUL_RECORD_FILE_STARTED, 301, name);
	step(fixture, 100);
	assert_contains(
		fixture, 7, "\"current\":[\"e\",\"f\",\"g\",\"h\",\"i\",\"j\",\"k\",\"l\"]");
}

static void a_pause_is_told(void **state)
{
	struct fixture *fixture = *state;

	region_set_state(&fixture->region, HAUL_STATE_PAUSED, 0);
	step(fixture, 10);
	assert_event(fixture, 1, "\"state\":\"paused\"");
	step(fixture, 100);
	assert_event(fixture, 2, "\"state\":\"paused\",\"files\"");
	assert_contains(fixture, 2, "\"rate_bytes_per_s\":0.0,\"eta_s\":null");
	region_set_state(&fixture->region, HAUL_STATE_RUNNING, 0);
	step(fixture, 10);
	assert_event(fixture, 3, "\"state\":\"resumed\"");
}

static void the_end_comes_last(void **state)
{
	struct fixture *fixture = *state;
	unsigned last;

	for (unsigned at = 0; at < 2000; at++)
		put_file(fixture, 1, HAUL_RECORD_FILE_DONE, 1, "x");
	lane_add(&fixture->lane[1], HAUL_FILES_PLANNED, 2000);
	lane_add(&fixture->lane[1], HAUL_FILES_DONE, 2000);
	region_set_planning_done(&fixture->region);
	region_set_state(&fixture->region, HAUL_STATE_FAILED, 1);
	assert_int_equal(step(fixture, 1), WATCH_ENDED);
	last = fixture->count - 1;
	assert_int_equal(last, 2002);
	assert_event(fixture, last - 1,
		"\"state\":\"failed\",\"files\":{\"planned\":2000,\"done\":2000");
	assert_event(fixture, last, "\"state\":\"failed\",\"op\":\"cp\"");
	assert_contains(fixture, last, "\"exit\":1}");
}

static void what_was_overwritten_is_counted(void **state)
{
	struct fixture *fixture = *state;
	char *end = NULL;
	unsigned long lost;

	for (unsigned at = 0; at < 1000; at++)
		put_file(fixture, 1, HAUL_RECORD_FILE_DONE, at, "0123456789");
	put_file(fixture, 0, HAUL_RECORD_FILE_FAILED, 1, "kept");
	assert_int_equal(step(fixture, 2000), WATCH_RUNNING);
	assert_contains(fixture, fixture->count - 1, "\"lost_events\":");
	lost = strtoul(strstr(fixture->event[fixture->count - 1], "lost_events\":") + 13, &end, 10);
	assert_string_equal(end, "}");
	assert_int_equal(lost + fixture->count, 1000 + 1 + 1 + 1);
	assert_event(fixture, 1, "\"path\":\"kept\",\"state\":\"failed\"");
}

static void nonsense_is_not_passed_on(void **state)
{
	const struct haul_text head = {.text_bytes = 8};
	const struct haul_serial serial = {.state = 77};
	struct fixture *fixture = *state;
	struct iovec broken[] = {{(void *)&head, sizeof(head)}, {"{\"a\":1\n", 8}};
	struct iovec whole[] = {{(void *)&head, sizeof(head)}, {"{\"a\":1 }", 8}};
	struct iovec part = {(void *)&serial, sizeof(serial)};

	assert_int_equal(lane_append(&fixture->lane[1], HAUL_RECORD_DEVICE, 1, broken, 2), 0);
	assert_int_equal(lane_append(&fixture->lane[1], HAUL_RECORD_DEVICE, 1, whole, 2), 0);
	assert_int_equal(lane_append(&fixture->lane[1], HAUL_RECORD_SERIAL, 1, &part, 1), 0);
	step(fixture, 100);
	assert_int_equal(fixture->count, 3);
	assert_event(fixture, 1, "\"a\":1 }");
	assert_contains(fixture, 2, "\"lost_events\":2");
}

static void counters_never_contradict_each_other(void **state)
{
	struct fixture *fixture = *state;

	lane_add(&fixture->lane[1], HAUL_BYTES_DURABLE, 9);
	lane_add(&fixture->lane[1], HAUL_FILES_DONE, 2);
	step(fixture, 100);
	assert_contains(fixture, 1, "\"files\":{\"planned\":2,\"done\":2");
	assert_contains(
		fixture, 1, "\"bytes\":{\"planned\":9,\"read\":9,\"accepted\":9,\"durable\":9}");
}

/* The region's lock is the writer's: without it, whoever waits is told that nobody will ring. */
static void a_dead_coordinator_is_told(void **state)
{
	struct fixture *fixture = *state;

	put_file(fixture, 1, HAUL_RECORD_FILE_DONE, 1, "x");
	close(fixture->region.lock_fd);
	fixture->region.lock_fd = -1;
	for (unsigned at = 0; at < 100 && step(fixture, 10) == WATCH_RUNNING; at++)
		watch_wait(fixture->watch, 20);
	assert_event(fixture, 1, "\"path\":\"x\"");
	assert_event(fixture, fixture->count - 2, "\"state\":\"failed\",\"files\"");
	assert_event(fixture, fixture->count - 1, "\"state\":\"failed\",\"op\":\"cp\"");
	assert_contains(fixture, fixture->count - 1, "\"message\":\"the coordinator died\"}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lanes_are_merged_by_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			progress_is_told_at_most_20_times_a_second, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			progress_names_what_is_under_way, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_pause_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_end_comes_last, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_was_overwritten_is_counted, set_up_small, tear_down),
		cmocka_unit_test_setup_teardown(nonsense_is_not_passed_on, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			counters_never_contradict_each_other, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_dead_coordinator_is_told, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
