/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "progress/discover.h"
#include "progress/leftover.h"
#include "tests/unit/region_fixture.h"

#define EXIT_SKIPPED 77

/* A name that no other run of this test uses, the same in its children. */
static const char *job_name(void)
{
	static char name[HAUL_JOB_BYTES];

	if (!name[0])
		snprintf(name, sizeof(name), "test_region.%d", (int)getpid());
	return name;
}

static struct region_spec spec_named(const char *job)
{
	return (struct region_spec){.job = job, .operation = "cp", .lane_count = 2};
}

static void a_region_says_what_its_job_is(void **state)
{
	struct region region = fixture_region(3, 8192);
	const struct haul_header *header = region.header;

	(void)state;
	assert_true(header->magic == HAUL_MAGIC);
	assert_int_equal(header->lane_count, 3);
	assert_int_equal(header->ring_bytes, 8192);
	assert_int_equal(header->lane_stride_bytes, 8192 + 4096);
	assert_int_equal(header->region_bytes, 4096 + 3 * (8192 + 4096));
	assert_int_equal(header->coordinator_pid, getpid());
	assert_int_equal(header->uid, geteuid());
	assert_true(header->start_monotonic_ns && header->start_realtime_ns);
	assert_string_equal(header->operation, "test");
	assert_int_equal(header->argument_count, 2);
	assert_int_equal(header->arguments_cut, 0);
	assert_memory_equal(header->arguments, "source\0destination", 19);
	region_remove(&region);
}

static void arguments_that_do_not_fit_are_left_out_whole(void **state)
{
	char *longest = malloc(HAUL_ARGUMENT_BYTES);
	const char *arguments[] = {longest, "", "x"};
	struct region_spec spec = spec_named(NULL);
	struct region region;

	(void)state;
	memset(longest, 'a', HAUL_ARGUMENT_BYTES);
	longest[HAUL_ARGUMENT_BYTES - 2] = 0;
	spec.arguments = arguments;
	spec.argument_count = 3;
	assert_int_equal(region_create(&spec, &region), 0);
	assert_int_equal(region.header->argument_count, 2);
	assert_int_equal(region.header->arguments_cut, 1);
	haul_reader_close(fixture_reader(&region));
	region_remove(&region);
	free(longest);
}

static void what_cannot_be_is_refused(void **state)
{
	static const char *const names[] = {"", ".hidden", "a/b", "a b", "caf\xc3\xa9",
		"0123456789012345678901234567890123456789012345678901234567890123"};
	struct region_spec spec;
	struct region region;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		spec = spec_named(names[i]);
		assert_int_equal(region_create(&spec, &region), -EINVAL);
	}
	spec = spec_named(NULL);
	spec.operation = "sixteen-letters!";
	assert_int_equal(region_create(&spec, &region), -EINVAL);
	spec = spec_named(NULL);
	spec.lane_count = 0;
	assert_int_equal(region_create(&spec, &region), -EINVAL);
	spec.lane_count = HAUL_LANES_MAX + 1;
	assert_int_equal(region_create(&spec, &region), -EINVAL);
	spec.lane_count = 1;
	spec.ring_bytes = 12288;
	assert_int_equal(region_create(&spec, &region), -EINVAL);
	spec.ring_bytes = 2048;
	assert_int_equal(region_create(&spec, &region), -EINVAL);
}

static void a_made_name_is_the_operation_and_six_characters(void **state)
{
	struct region_spec spec = spec_named(NULL);
	struct region region;

	(void)state;
	assert_int_equal(region_create(&spec, &region), 0);
	assert_int_equal(strlen(region.header->job), 9);
	assert_memory_equal(region.header->job, "cp-", 3);
	assert_int_equal(strspn(region.header->job + 3, "abcdefghijklmnopqrstuvwxyz234567"), 6);
	region_remove(&region);
}

static void the_file_is_private_and_all_its_memory_is_there(void **state)
{
	struct region region = fixture_region(2, 0);
	struct stat status;

	(void)state;
	assert_true(region.named);
	assert_int_equal(stat(region.path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(status.st_size, 4096 + 2 * (4096 + 512 * 1024));
	assert_true((uint64_t)status.st_blocks * 512 >= (uint64_t)status.st_size);
	region_remove(&region);
	assert_int_equal(access(region.path, F_OK), -1);
}

static void a_running_job_keeps_its_name(void **state)
{
	struct region_spec spec = spec_named(job_name());
	struct region first, second;

	(void)state;
	assert_int_equal(region_create(&spec, &first), 0);
	assert_int_equal(region_create(&spec, &second), -EEXIST);
	assert_int_equal(access(first.path, F_OK), 0);
	region_remove(&first);
}

static void what_a_dead_job_left_is_replaced(void **state)
{
	struct region_spec spec = spec_named(job_name());
	struct region left, region;
	struct haul_reader *reader;

	(void)state;
	assert_int_equal(region_create(&spec, &left), 0);
	region_close(&left);
	assert_int_equal(haul_reader_open(job_name(), &reader), 0);
	assert_int_equal(region_create(&spec, &region), 0);

	/* The old one is still whole for who had it open. */
	assert_int_equal(haul_reader_wait(reader, 0), HAUL_WAIT_GONE);
	haul_reader_close(reader);
	assert_int_equal(haul_reader_open(job_name(), &reader), 0);
	assert_int_equal(haul_reader_wait(reader, 0), HAUL_WAIT_TIMEOUT);
	haul_reader_close(reader);
	region_remove(&region);
}

static int make_file(int directory, const char *name)
{
	int fd = openat(directory, name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	return fd;
}

static bool has_file(int directory, const char *name)
{
	return faccessat(directory, name, F_OK, 0) == 0;
}

static void leftovers_go_when_they_are_old(void **state)
{
	static const char *const names[] = {
		"dead.progress", "dead.control", "alive.control", "else"};
	char top[] = "/tmp/haul-test-region.XXXXXX";
	int64_t now_s = time(NULL);
	int directory, alive;

	(void)state;
	assert_non_null(mkdtemp(top));
	directory = haul_directory_open(top, false);
	assert_true(directory >= 0);
	alive = make_file(directory, "alive.progress");
	assert_int_equal(leftover_lock(alive), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		close(make_file(directory, names[i]));

	assert_int_equal(leftover_sweep(directory, now_s + LEFTOVER_SECONDS - 60), 0);
	assert_true(has_file(directory, "dead.progress"));
	assert_int_equal(leftover_sweep(directory, now_s + LEFTOVER_SECONDS + 60), 0);
	assert_false(has_file(directory, "dead.progress"));
	assert_false(has_file(directory, "dead.control"));
	assert_true(has_file(directory, "alive.progress"));
	assert_true(has_file(directory, "alive.control"));
	assert_true(has_file(directory, "else"));

	assert_int_equal(leftover_remove(directory, "alive"), -EEXIST);
	close(alive);
	assert_int_equal(leftover_remove(directory, "alive"), 0);
	assert_false(has_file(directory, "alive.progress"));
	assert_int_equal(unlinkat(directory, "else", 0), 0);
	close(directory);
	assert_int_equal(rmdir(top), 0);
}

/* Many that want the same leftover: one gets it. */
static void a_leftover_has_one_heir(void **state)
{
	struct region_spec spec = spec_named(job_name());
	struct region left;
	pid_t heir[8];
	int heirs = 0, hold[2];

	(void)state;
	assert_int_equal(region_create(&spec, &left), 0);
	region_close(&left);
	assert_int_equal(pipe(hold), 0);
	for (size_t i = 0; i < 8; i++) {
		heir[i] = fixture_fork();
		if (heir[i] == 0) {
			char end;
			int error = region_create(&spec, &left);

			close(hold[1]);
			/* Lives until all have tried, so that no lock is free too early. */
			if (!error && read(hold[0], &end, 1) != 0)
				_exit(3);
			_exit(error == 0 ? 1 : error == -EEXIST ? 0 : 2);
		}
	}
	fixture_sleep_ms(200);
	close(hold[1]);
	for (size_t i = 0; i < 8; i++) {
		int status = fixture_exit_status(heir[i]);

		assert_in_range(status, 0, 1);
		heirs += status;
	}
	close(hold[0]);
	assert_int_equal(heirs, 1);
	assert_int_equal(region_create(&spec, &left), 0);
	region_remove(&left);
}

/* Runs `body` in a child with its own /dev/shm of `bytes`, or skips. */
static void with_shm(const char *options, void (*body)(void))
{
	pid_t pid = fixture_fork();
	int status;

	if (pid == 0) {
		if (unshare(CLONE_NEWNS) || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) ||
			mount("haul-test", "/dev/shm", "tmpfs", 0, options))
			_exit(EXIT_SKIPPED);
		unsetenv("XDG_RUNTIME_DIR");
		body();
		_exit(0);
	}
	status = fixture_exit_status(pid);
	if (status == EXIT_SKIPPED)
		skip();
	assert_int_equal(status, 0);
}

#define check(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

static void create_without_room(void)
{
	struct region_spec spec = spec_named("no-room");
	struct haul_reader *reader;
	struct region region;
	struct lane lane;

	check(region_create(&spec, &region) == 0);
	check(!region.named);
	check(lane_open(&region, 1, HAUL_ROLE_WORKER, &lane) == 0);
	for (uint64_t i = 1; i < 20000; i++)
		fixture_append(&lane, i, i);
	check(haul_reader_open_fd(region.inherit_fd, &reader) == 0);
	check(haul_reader_wait(reader, 0) == HAUL_WAIT_TIMEOUT);
	check(haul_reader_open("no-room", &reader) == -ENOENT);
	check(ftruncate(region.inherit_fd, 0) == -1 && errno == EPERM);
}

static void a_full_shm_gets_an_anonymous_region(void **state)
{
	(void)state;
	with_shm("size=256k", create_without_room);
}

static void create_among_strangers(void)
{
	struct region_spec spec = spec_named("elsewhere");
	char path[PATH_MAX], template[] = "/dev/shm/runtime.XXXXXX";
	struct haul_reader *reader;
	struct region region;

	/* Somebody was there first, and made the directory such that he can look into it. */
	check(haul_directory_path(0, path, sizeof(path)) == 0);
	check(mkdir(path, 0777) == 0 && chmod(path, 0777) == 0);
	check(region_create(&spec, &region) == 0);
	check(!region.named);
	region_close(&region);

	check(mkdtemp(template) != NULL && setenv("XDG_RUNTIME_DIR", template, 1) == 0);
	check(region_create(&spec, &region) == 0);
	check(region.named && strncmp(region.path, template, strlen(template)) == 0);
	check(access(region.path, F_OK) == 0);
	check(haul_reader_open("elsewhere", &reader) == 0);
	region_remove(&region);
	check(haul_reader_wait(reader, 0) == HAUL_WAIT_GONE);
}

static void an_unsafe_directory_is_passed_over(void **state)
{
	(void)state;
	with_shm("size=16m", create_among_strangers);
}

static void only_a_real_directory_of_ones_own_is_entered(void **state)
{
	char top[] = "/tmp/haul-test-region.XXXXXX", path[64], link[64];
	int fd;

	(void)state;
	assert_non_null(mkdtemp(top));
	snprintf(path, sizeof(path), "%s/d", top);
	snprintf(link, sizeof(link), "%s/l", top);
	assert_int_equal(haul_directory_open(path, false), -ENOENT);
	fd = haul_directory_open(path, true);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(symlink(path, link), 0);
	assert_true(haul_directory_open(link, true) < 0);
	assert_int_equal(chmod(path, 0710), 0);
	assert_int_equal(haul_directory_open(path, true), -EPERM);
	assert_int_equal(chmod(path, 0700), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 12345, 12345), 0);
		assert_int_equal(haul_directory_open(path, true), -EPERM);
	}
	assert_int_equal(unlink(link), 0);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(top), 0);
}

/* ---- who is alive ---- */

/* A worker as a coordinator has them: exec'd, holding what it inherits, and slow to die. */
static void be_a_worker(const struct region *region)
{
	int inherited = fcntl(region->inherit_fd, F_DUPFD, 10);

	if (inherited < 0)
		_exit(1);
	execlp("sleep", "sleep", "20", NULL);
	_exit(1);
}

static void be_a_coordinator(const char *job, int ready)
{
	struct region_spec spec = spec_named(job);
	struct region region;
	pid_t worker;

	if (region_create(&spec, &region))
		_exit(1);
	worker = fork();
	if (worker == 0)
		be_a_worker(&region);
	/* By then exec has closed what it must. */
	fixture_sleep_ms(100);
	if (write(ready, &worker, sizeof(worker)) != (ssize_t)sizeof(worker))
		_exit(1);
	pause();
	_exit(0);
}

static void workers_do_not_keep_a_dead_coordinator_alive(void **state)
{
	struct haul_reader *reader;
	pid_t coordinator, worker;
	struct region_spec spec = spec_named(job_name());
	struct region region;
	int ready[2];

	(void)state;
	assert_int_equal(pipe(ready), 0);
	coordinator = fixture_fork();
	if (coordinator == 0)
		be_a_coordinator(spec.job, ready[1]);
	assert_int_equal(read(ready[0], &worker, sizeof(worker)), sizeof(worker));
	assert_int_equal(haul_reader_open(job_name(), &reader), 0);
	assert_int_equal(haul_reader_wait(reader, 300), HAUL_WAIT_TIMEOUT);

	assert_int_equal(kill(coordinator, SIGKILL), 0);
	assert_int_equal(fixture_exit_status(coordinator), 128 + SIGKILL);
	assert_int_equal(kill(worker, 0), 0);
	assert_int_equal(haul_reader_wait(reader, -1), HAUL_WAIT_GONE);
	haul_reader_close(reader);

	/* The name is free again, too. */
	assert_int_equal(region_create(&spec, &region), 0);
	region_remove(&region);
	assert_int_equal(kill(worker, SIGKILL), 0);
	close(ready[0]);
	close(ready[1]);
}

static void a_reader_in_the_coordinators_process_sees_it_alive(void **state)
{
	struct region region = fixture_region(1, 4096);
	struct haul_reader *reader = fixture_reader(&region);

	(void)state;
	assert_int_equal(haul_reader_wait(reader, 0), HAUL_WAIT_TIMEOUT);
	haul_reader_close(reader);
	/* Closing one must not drop the lock, as it would with locks that belong to a process. */
	reader = fixture_reader(&region);
	assert_int_equal(haul_reader_wait(reader, 0), HAUL_WAIT_TIMEOUT);
	haul_reader_close(reader);
	region_remove(&region);
}

/* ---- mapping ---- */

static void a_role_maps_what_it_inherits(void **state)
{
	struct region region = fixture_region(2, 4096);
	struct region mapped;
	struct lane lane;
	struct haul_totals totals;
	struct haul_reader *reader = fixture_reader(&region);

	(void)state;
	assert_int_equal(region_map(dup(region.inherit_fd), &mapped), 0);
	assert_int_equal(lane_open(&mapped, 1, HAUL_ROLE_WORKER, &lane), 0);
	assert_int_equal(lane_open(&mapped, 2, HAUL_ROLE_WORKER, &lane), -EINVAL);
	lane_add(&lane, HAUL_FILES_DONE, 3);
	haul_reader_totals(reader, &totals);
	assert_int_equal(totals.counter[HAUL_FILES_DONE], 3);
	region_close(&mapped);
	assert_int_equal(haul_reader_wait(reader, 0), HAUL_WAIT_TIMEOUT);
	haul_reader_close(reader);
	region_remove(&region);
}

static void a_role_refuses_what_is_no_region(void **state)
{
	struct region region = fixture_region(2, 4096);
	struct region mapped;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)state;
	assert_int_equal(region_map(-1, &mapped), -EBADF);
	assert_int_equal(region_map(null, &mapped), -EPROTO);
	region.header->abi_version = HAUL_ABI_VERSION + 1;
	assert_int_equal(region_map(region.inherit_fd, &mapped), -EPROTO);
	region_remove(&region);
	close(null);
}

/* ---- finding jobs ---- */

static int note_job(const char *job, void *context)
{
	int *seen = context;

	if (strcmp(job, job_name()) == 0)
		++*seen;
	return 0;
}

static int stop_at_first(const char *job, void *context)
{
	(void)job;
	(void)context;
	return 42;
}

static void jobs_are_found(void **state)
{
	struct region_spec spec = spec_named(job_name());
	struct region region;
	int seen = 0;

	(void)state;
	assert_int_equal(region_create(&spec, &region), 0);
	assert_int_equal(haul_jobs_each(note_job, &seen), 0);
	assert_int_equal(seen, 1);
	assert_int_equal(haul_jobs_each(stop_at_first, NULL), 42);
	region_remove(&region);
	assert_int_equal(haul_jobs_each(note_job, &seen), 0);
	assert_int_equal(seen, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_region_says_what_its_job_is),
		cmocka_unit_test(arguments_that_do_not_fit_are_left_out_whole),
		cmocka_unit_test(what_cannot_be_is_refused),
		cmocka_unit_test(a_made_name_is_the_operation_and_six_characters),
		cmocka_unit_test(the_file_is_private_and_all_its_memory_is_there),
		cmocka_unit_test(a_running_job_keeps_its_name),
		cmocka_unit_test(what_a_dead_job_left_is_replaced),
		cmocka_unit_test(leftovers_go_when_they_are_old),
		cmocka_unit_test(a_leftover_has_one_heir),
		cmocka_unit_test(a_full_shm_gets_an_anonymous_region),
		cmocka_unit_test(an_unsafe_directory_is_passed_over),
		cmocka_unit_test(only_a_real_directory_of_ones_own_is_entered),
		cmocka_unit_test(workers_do_not_keep_a_dead_coordinator_alive),
		cmocka_unit_test(a_reader_in_the_coordinators_process_sees_it_alive),
		cmocka_unit_test(a_role_maps_what_it_inherits),
		cmocka_unit_test(a_role_refuses_what_is_no_region),
		cmocka_unit_test(jobs_are_found),
	};

	alarm(FIXTURE_SECONDS_MAX);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
