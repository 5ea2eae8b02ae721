/* SPDX-License-Identifier: MIT */
#include "publisher/publisher.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "haul/exit.h"
#include "publisher/lines.h"
#include "publisher/sink.h"
#include "publisher/terminal.h"
#include "publisher/watch.h"

/* How often to look at a job that moves. Its writers ring up to a thousand times a second, and
 * waking each time would take the time from them: 40 times cost 0.3 % of a core. */
#define TICK_MS 25
/* How long to sleep on the bell of one that does not: still often enough to tell that it stands. */
#define IDLE_MS 50

struct publisher {
	int region_fd;
	bool json;
	bool terminal;
	enum terminal_when when;
	struct sinks sinks;
	struct watch *watch;
};

static int complain(const char *what, int error)
{
	fprintf(stderr, "haul: publisher: %s: %s\n", what, strerror(-error));
	return HAUL_EXIT_FAILED;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* ---- set-up ---- */

static bool parse_fd(const char *text, int *ret_fd)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (errno || end == text || *end || value < 0 || value > 65535)
		return false;
	*ret_fd = (int)value;
	return true;
}

static bool parse(struct publisher *publisher, int argc, char **argv)
{
	static const struct option options[] = {
		{"role", required_argument, NULL, 'r'},
		{"region-fd", required_argument, NULL, 'f'},
		{"terminal", optional_argument, NULL, 't'},
		{"json", no_argument, NULL, 'j'},
		{0},
	};
	int option;

	optind = 1;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'j') {
			publisher->json = true;
		} else if (option == 't') {
			publisher->terminal = true;
			if (optarg && strcmp(optarg, "always") == 0)
				publisher->when = TERMINAL_ALWAYS;
		} else if (option == 'f') {
			if (!optarg || !parse_fd(optarg, &publisher->region_fd))
				return false;
		} else if (option != 'r') {
			return false;
		}
	}
	return optind == argc && publisher->region_fd >= 0;
}

static int add_lines(struct publisher *publisher)
{
	struct sink *sink;
	int error = lines_open(STDOUT_FILENO, &sink);

	return error ? error : sinks_add(&publisher->sinks, sink);
}

static int add_terminal(struct publisher *publisher)
{
	struct sink *sink;
	int error = terminal_open(STDERR_FILENO, publisher->when, &sink);

	return error ? error : sinks_add(&publisher->sinks, sink);
}

static int open_sinks(struct publisher *publisher)
{
	int error = sinks_open(&publisher->sinks);

	if (!error && publisher->json)
		error = add_lines(publisher);
	/* Lines and a bar on one terminal would garble each other. */
	if (publisher->json && publisher->when == TERMINAL_AUTO && isatty(STDOUT_FILENO))
		return error;
	if (!error && publisher->terminal)
		error = add_terminal(publisher);
	return error;
}

static void take_event(void *context, const struct event *event)
{
	sinks_take(context, event);
}

static int open_watch(struct publisher *publisher)
{
	const struct watch_target target = {take_event, &publisher->sinks};
	struct haul_reader *reader;
	int error = haul_reader_open_fd(publisher->region_fd, &reader);

	return error ? error : watch_open(reader, now_ns(), &target, &publisher->watch);
}

static void ignore_signals(void)
{
	static const int ignored[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE};

	for (size_t at = 0; at < sizeof(ignored) / sizeof(ignored[0]); at++)
		signal(ignored[at], SIG_IGN);
}

/* ---- the loop ---- */

static void sink_failed(const char *name, int error)
{
	if (error != -EPIPE)
		complain(name, error);
}

/* Until there is something to do, but no longer than a tick. */
static int sleep_tick(struct publisher *publisher)
{
	struct pollfd ready[SINKS_MAX];
	unsigned count = sinks_poll(&publisher->sinks, ready);
	int error;

	if (!count && !watch_moved(publisher->watch)) {
		error = watch_wait(publisher->watch, IDLE_MS);
		return error == -EINTR ? 0 : error;
	}
	if (poll(ready, count, TICK_MS) < 0 && errno != EINTR)
		return -errno;
	return 0;
}

/* What is still to be delivered gets as long as its readers take. */
static int flush(struct publisher *publisher)
{
	for (;;) {
		struct pollfd ready[SINKS_MAX];
		unsigned count;

		sinks_advance(&publisher->sinks, now_ns(), sink_failed);
		if (!sinks_busy(&publisher->sinks))
			return 0;
		count = sinks_poll(&publisher->sinks, ready);
		if (poll(ready, count, TICK_MS) < 0 && errno != EINTR)
			return -errno;
	}
}

/* Returns how the watch ended: an enum watch_step or -errno. */
static int run(struct publisher *publisher)
{
	int step;

	for (;;) {
		int error;

		step = watch_step(publisher->watch, now_ns());
		if (step != WATCH_RUNNING)
			break;
		sinks_advance(&publisher->sinks, now_ns(), sink_failed);
		if (!publisher->sinks.count)
			return WATCH_ENDED; /* nobody is left to tell */
		error = sleep_tick(publisher);
		if (error)
			return error;
	}
	if (flush(publisher) < 0)
		return -EIO;
	return step;
}

static int report(const struct publisher *publisher, int ended)
{
	if (publisher->sinks.oversized)
		fprintf(stderr, "haul: publisher: %llu events were too long to tell\n",
			(unsigned long long)publisher->sinks.oversized);
	if (ended < 0)
		return complain("the progress region can't be read", ended);
	return ended == WATCH_ENDED ? HAUL_EXIT_OK : HAUL_EXIT_FAILED;
}

int publisher_main(int argc, char **argv)
{
	struct publisher publisher = {.region_fd = -1};
	int status = HAUL_EXIT_FAILED;
	int error;

	if (!parse(&publisher, argc, argv)) {
		fprintf(stderr, "haul: publisher: wrong arguments\n");
		return HAUL_EXIT_FAILED;
	}
	ignore_signals();
	error = open_sinks(&publisher);
	if (error)
		complain("no place to write to", error);
	else if ((error = open_watch(&publisher)) < 0)
		complain("the progress region can't be opened", error);
	else
		status = report(&publisher, run(&publisher));
	watch_close(publisher.watch);
	sinks_close(&publisher.sinks);
	return status;
}
