/* SPDX-License-Identifier: MIT */
/* Finding jobs as they begin and end. Other jobs of this user may run meanwhile. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "progress/discover.h"
#include "progress/region.h"
#include "publisher/roster.h"

#define MS UINT64_C(1000000)

struct fixture {
	char job[32];
	struct roster roster;
	uint64_t now_ns;
	unsigned started;
	unsigned ended;
	uint64_t first_seq;
	unsigned refused;
};

static struct fixture fixture;

static void take(void *context, const struct event *event)
{
	(void)context;
	if (strcmp(event->job, fixture.job) != 0)
		return;
	if (event->type == EVENT_JOB && event->job_state.state == EVENT_JOB_STARTED) {
		fixture.started++;
		fixture.first_seq = event->seq;
	}
	fixture.ended += event_is_last(event);
}

static void refuse(const char *job, int error)
{
	if (strcmp(job, fixture.job) == 0) {
		assert_int_equal(error, -EPROTO);
		fixture.refused++;
	}
}

static void start_job(struct region *ret_region)
{
	const struct region_spec spec = {.job = fixture.job, .operation = "cp", .lane_count = 1};

	assert_int_equal(region_create(&spec, ret_region), 0);
	fixture.now_ns = ret_region->header->start_monotonic_ns + MS;
}

static void step(void)
{
	fixture.now_ns += MS;
	roster_step(&fixture.roster, fixture.now_ns);
}

static int set_up(void **state)
{
	(void)state;
	memset(&fixture, 0, sizeof(fixture));
	snprintf(fixture.job, sizeof(fixture.job), "roster-%d", (int)getpid());
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	roster_close(&fixture.roster);
	return 0;
}

static void open_roster(void)
{
	const struct watch_target target = {take, NULL};

	assert_int_equal(roster_open_all(&target, refuse, &fixture.roster), 0);
}

static void a_new_job_is_found(void **state)
{
	struct region region;

	(void)state;
	open_roster();
	step();
	assert_int_equal(fixture.started, 0);
	start_job(&region);
	step();
	assert_int_equal(fixture.started, 1);
	assert_int_equal(fixture.first_seq, 1);
	region_set_state(&region, HAUL_STATE_DONE, 0);
	step();
	assert_int_equal(fixture.ended, 1);
	step(); /* its region is still there */
	region_remove(&region);
	step();
	assert_int_equal(fixture.started, 1);
	assert_int_equal(fixture.ended, 1);
}

/* What an earlier watcher said had lower numbers. */
static void a_running_job_is_found_late(void **state)
{
	struct region region;

	(void)state;
	start_job(&region);
	fixture.now_ns += 10000 * MS;
	open_roster();
	step();
	assert_int_equal(fixture.started, 1);
	assert_in_range(fixture.first_seq, 10000000, 11000000);
	region_set_state(&region, HAUL_STATE_DONE, 0);
	region_remove(&region);
	step();
	assert_int_equal(fixture.ended, 1);
}

static void a_name_can_be_used_again(void **state)
{
	struct region region;

	(void)state;
	open_roster();
	for (unsigned round = 1; round <= 3; round++) {
		start_job(&region);
		step();
		assert_int_equal(fixture.started, round);
		region_set_state(&region, HAUL_STATE_DONE, 0);
		region_remove(&region);
		step();
		assert_int_equal(fixture.ended, round);
	}
}

static void a_dead_job_is_told_once(void **state)
{
	struct region region;
	char path[REGION_PATH_BYTES];

	(void)state;
	start_job(&region);
	memcpy(path, region.path, sizeof(path));
	open_roster();
	step();
	region_close(&region);
	for (unsigned at = 0; at < 2000 && !fixture.ended; at++)
		step();
	assert_int_equal(fixture.ended, 1);
	for (unsigned at = 0; at < 500; at++)
		step();
	assert_int_equal(fixture.started, 1);
	assert_int_equal(fixture.ended, 1);
	assert_int_equal(unlink(path), 0);
}

static void what_is_no_region_is_refused_once(void **state)
{
	char directory[128], file[HAUL_FILE_BYTES], path[256];
	struct region region;
	int fd;

	(void)state;
	open_roster();
	haul_job_file(fixture.job, file);
	assert_int_equal(haul_directory_path(0, directory, sizeof(directory)), 0);
	snprintf(path, sizeof(path), "%s/%s", directory, file);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "nonsense", 8), 8);
	close(fd);
	step();
	step();
	assert_int_equal(fixture.refused, 1);
	assert_int_equal(unlink(path), 0);
	start_job(&region);
	step();
	assert_int_equal(fixture.started, 1);
	region_remove(&region);
}

#define ROSTER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROSTER(a_new_job_is_found),
		ROSTER(a_running_job_is_found_late),
		ROSTER(a_name_can_be_used_again),
		ROSTER(a_dead_job_is_told_once),
		ROSTER(what_is_no_region_is_refused_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
