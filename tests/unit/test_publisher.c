/* SPDX-License-Identifier: MIT */
/* The publisher's role as a process of its own, with a job that the test plays. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "progress/region.h"
#include "publisher/publisher.h"

#define OUTPUT_BYTES (4u * 1024 * 1024)

struct fixture {
	struct region region;
	struct lane lane[2];
	pid_t publisher;
	int output; /* what the publisher writes is read here */
	char *text; /* all of it */
};

static int set_up(void **state)
{
	static const char *const arguments[] = {"from", "to"};
	const struct region_spec spec = {
		.operation = "cp",
		.arguments = arguments,
		.argument_count = 2,
		.lane_count = 2,
	};
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	*state = fixture;
	if (!fixture || region_create(&spec, &fixture->region) < 0 ||
		lane_open(&fixture->region, 0, HAUL_ROLE_COORDINATOR, &fixture->lane[0]) < 0 ||
		lane_open(&fixture->region, 1, HAUL_ROLE_WORKER, &fixture->lane[1]) < 0)
		return -1;
	fixture->output = -1;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	if (fixture->publisher > 0) {
		kill(fixture->publisher, SIGKILL);
		waitpid(fixture->publisher, NULL, 0);
	}
	if (fixture->output >= 0)
		close(fixture->output);
	region_remove(&fixture->region);
	free(fixture->text);
	free(fixture);
	return 0;
}

static void play_publisher(struct fixture *fixture, int stdout_fd, int stderr_fd, char *option)
{
	char region[32];
	char *arguments[] = {"haul", "--role=publisher", region, option, NULL};

	/* The lock would live on in this process. */
	close(fixture->region.lock_fd);
	if ((stdout_fd >= 0 && dup2(stdout_fd, STDOUT_FILENO) < 0) ||
		(stderr_fd >= 0 && dup2(stderr_fd, STDERR_FILENO) < 0))
		_exit(99);
	snprintf(region, sizeof(region), "--region-fd=%d", fixture->region.inherit_fd);
	_exit(publisher_main(4, arguments));
}

static void start_json(struct fixture *fixture)
{
	int pipe_fd[2];

	assert_int_equal(pipe2(pipe_fd, O_CLOEXEC), 0);
	fixture->publisher = fork();
	if (fixture->publisher == 0) {
		close(pipe_fd[0]);
		play_publisher(fixture, pipe_fd[1], -1, "--json");
	}
	assert_true(fixture->publisher > 0);
	close(pipe_fd[1]);
	fixture->output = pipe_fd[0];
}

static void start_terminal(struct fixture *fixture, char *option)
{
	const struct winsize size = {.ws_row = 24, .ws_col = 40};
	int tty;

	fixture->output = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(fixture->output >= 0);
	assert_int_equal(grantpt(fixture->output), 0);
	assert_int_equal(unlockpt(fixture->output), 0);
	tty = open(ptsname(fixture->output), O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(tty >= 0);
	assert_int_equal(ioctl(tty, TIOCSWINSZ, &size), 0);
	fixture->publisher = fork();
	if (fixture->publisher == 0)
		play_publisher(fixture, -1, tty, option);
	assert_true(fixture->publisher > 0);
	close(tty);
}

static void read_to_end(struct fixture *fixture)
{
	size_t used = 0;
	ssize_t got;

	fixture->text = malloc(OUTPUT_BYTES);
	assert_non_null(fixture->text);
	/* A terminal whose last writer closed it says EIO. */
	while ((got = read(fixture->output, fixture->text + used, OUTPUT_BYTES - 1 - used)) > 0)
		used += (size_t)got;
	fixture->text[used] = '\0';
}

static int wait_status(struct fixture *fixture)
{
	int status;

	assert_int_equal(waitpid(fixture->publisher, &status, 0), fixture->publisher);
	fixture->publisher = 0;
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void pause_ms(unsigned ms)
{
	const struct timespec pause = {ms / 1000, (long)(ms % 1000) * 1000000};

	nanosleep(&pause, NULL);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static void finish_files(struct fixture *fixture, unsigned count)
{
	const struct lane_file file = {.name = "usr/include/a.h", .name_bytes = 15, .bytes = 100};
	struct lane *lane = &fixture->lane[1];

	lane_add(lane, HAUL_FILES_PLANNED, count);
	lane_add(lane, HAUL_BYTES_PLANNED, count * 100);
	for (unsigned at = 0; at < count; at++) {
		lane_add(lane, HAUL_BYTES_READ, 100);
		lane_add(lane, HAUL_BYTES_ACCEPTED, 100);
		lane_add(lane, HAUL_FILES_DONE, 1);
		lane_file(lane, HAUL_RECORD_FILE_DONE, now_ns(), &file);
	}
	lane_ring(lane, now_ns(), true);
}

static void finish_job(struct fixture *fixture)
{
	region_set_planning_done(&fixture->region);
	region_set_state(&fixture->region, HAUL_STATE_DONE, 0);
}

static unsigned count_of(const char *text, const char *part)
{
	unsigned count = 0;

	while ((text = strstr(text, part))) {
		text += strlen(part);
		count++;
	}
	return count;
}

static const char *last_line(char *text)
{
	size_t bytes = strlen(text);
	char *newline;

	assert_true(bytes && text[bytes - 1] == '\n');
	text[bytes - 1] = '\0';
	newline = strrchr(text, '\n');
	return newline ? newline + 1 : text;
}

static void lines_end_with_the_job(void **state)
{
	struct fixture *fixture = *state;

	start_json(fixture);
	for (unsigned at = 0; at < 10; at++) {
		finish_files(fixture, 200);
		pause_ms(20);
	}
	finish_job(fixture);
	read_to_end(fixture);
	assert_int_equal(wait_status(fixture), 0);
	assert_int_equal(strncmp(fixture->text, "{\"event\":\"job\"", 14), 0);
	assert_int_equal(count_of(fixture->text, "\"event\":\"file\""), 2000);
	assert_in_range(count_of(fixture->text, "\"event\":\"progress\""), 3, 10);
	assert_non_null(strstr(last_line(fixture->text), "\"state\":\"done\",\"op\":\"cp\""));
}

static void a_job_that_is_over_is_told_in_full(void **state)
{
	struct fixture *fixture = *state;

	finish_files(fixture, 10);
	finish_job(fixture);
	start_json(fixture);
	read_to_end(fixture);
	assert_int_equal(wait_status(fixture), 0);
	assert_int_equal(count_of(fixture->text, "\n"), 10 + 3);
}

/* Whoever reads slowly gets what there was, and the job did not wait. */
static void a_slow_reader_loses_nothing_in_bounds(void **state)
{
	struct fixture *fixture = *state;

	start_json(fixture);
	for (unsigned at = 0; at < 20; at++) {
		finish_files(fixture, 500);
		pause_ms(30);
	}
	finish_job(fixture);
	pause_ms(100);
	read_to_end(fixture);
	assert_int_equal(wait_status(fixture), 0);
	assert_int_equal(count_of(fixture->text, "\"event\":\"file\""), 10000);
}

static void a_reader_that_leaves_ends_it(void **state)
{
	struct fixture *fixture = *state;

	start_json(fixture);
	close(fixture->output);
	fixture->output = -1;
	finish_files(fixture, 10);
	assert_int_equal(wait_status(fixture), 0);
}

static void a_killed_coordinator_is_a_failed_job(void **state)
{
	struct fixture *fixture = *state;

	start_json(fixture);
	finish_files(fixture, 10);
	pause_ms(50);
	close(fixture->region.lock_fd);
	fixture->region.lock_fd = -1;
	read_to_end(fixture);
	assert_int_equal(wait_status(fixture), 1);
	assert_non_null(strstr(last_line(fixture->text), "\"message\":\"the coordinator died\""));
}

static void interrupts_are_not_its_business(void **state)
{
	struct fixture *fixture = *state;

	start_json(fixture);
	pause_ms(50);
	assert_int_equal(kill(fixture->publisher, SIGINT), 0);
	assert_int_equal(kill(fixture->publisher, SIGTERM), 0);
	finish_files(fixture, 10);
	finish_job(fixture);
	read_to_end(fixture);
	assert_int_equal(wait_status(fixture), 0);
	assert_non_null(strstr(last_line(fixture->text), "\"state\":\"done\""));
}

static void a_terminal_shows_the_bar_and_the_totals(void **state)
{
	struct fixture *fixture = *state;

	start_terminal(fixture, "--terminal");
	for (unsigned at = 0; at < 30; at++) {
		finish_files(fixture, 100);
		pause_ms(20);
	}
	finish_job(fixture);
	read_to_end(fixture);
	assert_int_equal(wait_status(fixture), 0);
	assert_in_range(count_of(fixture->text, "\033[K"), 3, 12);
	assert_int_equal(count_of(fixture->text, "\n"), 1);
	assert_non_null(strstr(fixture->text, "<=100%"));
	assert_non_null(strstr(fixture->text, "\rcopied 3,000 files, 300 kB in 0."));
	assert_non_null(strstr(last_line(fixture->text), "/s\033[K\r"));
}

static void a_dumb_terminal_gets_no_control_sequence(void **state)
{
	struct fixture *fixture = *state;

	setenv("TERM", "dumb", 1);
	start_terminal(fixture, "--terminal=always");
	setenv("TERM", "xterm", 1);
	finish_files(fixture, 100);
	pause_ms(150);
	finish_job(fixture);
	read_to_end(fixture);
	assert_int_equal(wait_status(fixture), 0);
	assert_int_equal(count_of(fixture->text, "\033"), 0);
	assert_int_equal(count_of(fixture->text, "\n"), 1);
	assert_non_null(strstr(fixture->text, "\rcopied 100 files"));
}

static void a_job_of_an_instant_says_nothing(void **state)
{
	struct fixture *fixture = *state;

	start_terminal(fixture, "--terminal");
	finish_files(fixture, 1);
	finish_job(fixture);
	read_to_end(fixture);
	assert_int_equal(wait_status(fixture), 0);
	assert_string_equal(fixture->text, "");
}

static void wrong_arguments_are_refused(void **state)
{
	char *no_region[] = {"haul", "--role=publisher", "--json", NULL};
	char *odd_fd[] = {"haul", "--region-fd=4x", NULL};
	char *unknown[] = {"haul", "--region-fd=4", "--what", NULL};
	char *closed_fd[] = {"haul", "--region-fd=999", NULL};

	(void)state;
	assert_int_equal(publisher_main(3, no_region), 1);
	assert_int_equal(publisher_main(2, odd_fd), 1);
	assert_int_equal(publisher_main(3, unknown), 1);
	assert_int_equal(publisher_main(2, closed_fd), 1);
}

#define PLAY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLAY(lines_end_with_the_job),
		PLAY(a_job_that_is_over_is_told_in_full),
		PLAY(a_slow_reader_loses_nothing_in_bounds),
		PLAY(a_reader_that_leaves_ends_it),
		PLAY(a_killed_coordinator_is_a_failed_job),
		PLAY(interrupts_are_not_its_business),
		PLAY(a_terminal_shows_the_bar_and_the_totals),
		PLAY(a_dumb_terminal_gets_no_control_sequence),
		PLAY(a_job_of_an_instant_says_nothing),
		cmocka_unit_test(wrong_arguments_are_refused),
	};

	setenv("TERM", "xterm", 1);
	setenv("LC_ALL", "C", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
