/* SPDX-License-Identifier: MIT */
#include "publisher/publish.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "haul/exit.h"
#include "publisher/confine.h"
#include "publisher/feed.h"
#include "publisher/http.h"
#include "publisher/lines.h"
#include "publisher/redis.h"
#include "publisher/roster.h"
#include "publisher/sink.h"
#include "publisher/socketio.h"
#include "publisher/terminal_jobs.h"
#include "publisher/turn.h"
#include "util/stop_signals.h"

/* How often to look at a job that moves. Its writers ring up to a thousand times a second, and
 * waking each time would take the time from them: 60 times cost 0.4 % of a core. Three
 * ticks make the 50 ms between two progress events. */
#define TICK_MS 17
/* How long to sleep when none does: still often enough to tell that they stand. */
#define IDLE_MS 50
/* Without any job, only sinks may want something, such as to connect again. */
#define NO_JOB_MS 250
/* How long a reader may take for the rest when the publisher was told to stop. */
#define STOP_NS UINT64_C(1000000000)

#define POLL_MAX (SINKS_MAX + 2)

struct publish {
	const struct publish_request *request;
	struct sinks sinks;
	struct roster roster;
	struct feed feed;
	int signal_fd; /* -1: signals are the coordinator's business */
	bool stopped;
};

/* It tells of jobs that were handed to it, and ends with them. */
static bool is_bound(const struct publish *publish)
{
	return publish->request->region_fd >= 0 || publish->request->regions_fd >= 0;
}

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

static int add(struct publish *publish, const char *name, int error, struct sink *sink)
{
	if (!error)
		error = sinks_add(&publish->sinks, sink);
	if (error)
		complain(name, error);
	return error;
}

static int add_lines(struct publish *publish)
{
	struct sink *sink = NULL;
	int error = lines_open(STDOUT_FILENO, &sink);

	return add(publish, "standard output", error, sink);
}

static int add_terminal(struct publish *publish)
{
	bool several = publish->request->regions_fd >= 0;
	struct sink *sink = NULL;
	int error = (several ? terminal_jobs_open : terminal_open)(
		STDERR_FILENO, publish->request->when, &sink);

	return add(publish, "standard error", error, sink);
}

static const char *why_no_redis(int error)
{
	if (error == -EPROTONOSUPPORT)
		return "rediss:// (TLS) is not supported; a local proxy such as stunnel can add it";
	if (error == -EINVAL)
		return "that is no redis://[[USER]:PASSWORD@]HOST[:PORT] or unix:///PATH";
	return strerror(-error);
}

/* --redis and --socketio. The URL may hold a password, so it is not repeated. */
static int add_server(struct publish *publish, const char *option, int error, struct sink *sink)
{
	if (error) {
		fprintf(stderr, "haul: publisher: %s: %s\n", option, why_no_redis(error));
		return error;
	}
	return add(publish, option, 0, sink);
}

static int add_redis(struct publish *publish)
{
	struct sink *sink = NULL;
	int error = redis_open(publish->request->redis, &sink);

	return add_server(publish, "--redis", error, sink);
}

static int add_socketio(struct publish *publish)
{
	struct sink *sink = NULL;
	int error = socketio_open(publish->request->socketio, &sink);

	return add_server(publish, "--socketio", error, sink);
}

static const char *why_no_page(int error)
{
	if (error == -EACCES)
		return "an address beyond this machine needs --http-token";
	if (error == -EPERM)
		return "others may read the token's file";
	return strerror(-error);
}

static int add_http(struct publish *publish)
{
	const struct publish_request *request = publish->request;
	struct sink *sink = NULL;
	char where[HTTP_WHERE_BYTES];
	int error = http_open(request->http, request->token_file, &sink, where);

	if (error) {
		fprintf(stderr, "haul: publisher: --http: %s\n", why_no_page(error));
		return error;
	}
	fprintf(stderr, "haul: live page: %s\n", where);
	return add(publish, "--http", 0, sink);
}

static int add_sinks(struct publish *publish)
{
	const struct publish_request *request = publish->request;
	/* Lines and a bar on one terminal would garble each other. */
	bool no_bar = request->json && request->when == TERMINAL_AUTO && isatty(STDOUT_FILENO);
	int error = 0;

	if (request->json)
		error = add_lines(publish);
	if (!error && request->terminal && !no_bar)
		error = add_terminal(publish);
	if (!error && request->redis)
		error = add_redis(publish);
	if (!error && request->socketio)
		error = add_socketio(publish);
	if (!error && request->http)
		error = add_http(publish);
	return error;
}

static void take_event(void *context, const struct event *event)
{
	sinks_take(context, event);
}

static void refused(const char *job, int error)
{
	fprintf(stderr, "haul: publisher: job %s: its progress can't be read: %s\n", job,
		strerror(-error));
}

static int open_roster(struct publish *publish)
{
	const struct watch_target target = {take_event, &publish->sinks};
	int region_fd = publish->request->region_fd;

	if (region_fd >= 0)
		return roster_open_one(region_fd, now_ns(), &target, refused, &publish->roster);
	if (publish->request->regions_fd >= 0) {
		roster_open_handed(
			publish->request->regions_fd, &target, refused, &publish->roster);
		return 0;
	}
	return roster_open_all(&target, refused, &publish->roster);
}

static void wake(int signal_number)
{
	(void)signal_number;
}

/* Its terminal has another size, or its coordinator is through: either ends a sleep. */
static int wake_on_winch(void)
{
	const struct sigaction action = {.sa_handler = wake};

	return sigaction(SIGWINCH, &action, NULL) < 0 ? -errno : 0;
}

/* With jobs that were handed over, interrupts at the terminal are for their coordinators. */
static int set_signals(struct publish *publish)
{
	static const int others[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};

	signal(SIGPIPE, SIG_IGN);
	publish->signal_fd = -1;
	if (is_bound(publish)) {
		for (size_t at = 0; at < sizeof(others) / sizeof(others[0]); at++)
			signal(others[at], SIG_IGN);
		return wake_on_winch();
	}
	publish->signal_fd = stop_signals_open();
	return publish->signal_fd < 0 ? publish->signal_fd : 0;
}

/* ---- the loop ---- */

static void sink_failed(const char *name, int error)
{
	if (error != -EPIPE)
		complain(name, error);
}

static unsigned poll_fds(struct publish *publish, struct pollfd ready[POLL_MAX])
{
	unsigned count = sinks_poll(&publish->sinks, ready);

	if (roster_expects(&publish->roster))
		ready[count++] = (struct pollfd){publish->roster.notify_fd, POLLIN, 0};
	if (publish->signal_fd >= 0)
		ready[count++] = (struct pollfd){publish->signal_fd, POLLIN, 0};
	return count;
}

static void read_signal(struct publish *publish)
{
	struct signalfd_siginfo info;

	if (publish->signal_fd >= 0 && read(publish->signal_fd, &info, sizeof(info)) > 0)
		publish->stopped = true;
}

/* Until there is something to do, but no longer than is due. */
static int sleep_tick(struct publish *publish)
{
	struct pollfd ready[POLL_MAX];
	unsigned count = poll_fds(publish, ready);
	int timeout_ms = TICK_MS;

	if (!roster_moved(&publish->roster))
		timeout_ms = roster_running(&publish->roster) ? IDLE_MS : NO_JOB_MS;
	/* A job that stands and nothing else to wait for: its bell says when it goes on. */
	if (!count && timeout_ms == IDLE_MS) {
		int error = roster_wait(&publish->roster, IDLE_MS);

		if (error != -EINVAL)
			return error == -EINTR ? 0 : error;
	}
	if (poll(ready, count, timeout_ms) < 0 && errno != EINTR)
		return -errno;
	return 0;
}

/* What is still to be delivered gets as long as its readers take, unless someone is waiting for
 * the end. */
static int flush(struct publish *publish)
{
	uint64_t start_ns = now_ns();

	for (;;) {
		struct pollfd ready[SINKS_MAX];
		unsigned count;

		sinks_advance(&publish->sinks, now_ns(), sink_failed);
		if (!sinks_busy(&publish->sinks))
			return 0;
		if (publish->stopped && now_ns() - start_ns > STOP_NS)
			return 0;
		count = sinks_poll(&publish->sinks, ready);
		if (poll(ready, count, TICK_MS) < 0 && errno != EINTR)
			return -errno;
	}
}

static bool is_over(const struct publish *publish)
{
	if (is_bound(publish) && !roster_expects(&publish->roster) &&
		!roster_running(&publish->roster))
		return true;
	/* Without sinks, nobody is left to tell. */
	return publish->stopped || !publish->sinks.count;
}

static int run(struct publish *publish)
{
	for (;;) {
		int error;

		read_signal(publish);
		roster_step(&publish->roster, now_ns());
		sinks_advance(&publish->sinks, now_ns(), sink_failed);
		if (is_over(publish))
			return flush(publish);
		error = sleep_tick(publish);
		if (error)
			return error;
	}
}

static int report(const struct publish *publish, int error)
{
	if (publish->sinks.oversized)
		fprintf(stderr, "haul: publisher: %llu events were too long to tell\n",
			(unsigned long long)publish->sinks.oversized);
	if (error)
		return complain("can't go on", error);
	if (is_bound(publish) && publish->roster.gone)
		return HAUL_EXIT_FAILED;
	return HAUL_EXIT_OK;
}

/* Another user's Redis may have its socket in a place that root alone can reach. */
static bool connects_to_path(const struct publish_request *request)
{
	return (request->redis && strncmp(request->redis, "unix:", 5) == 0) ||
	       (request->socketio && strncmp(request->socketio, "unix:", 5) == 0);
}

/* A kernel that can't confine is no reason not to publish. */
static void confine_self(const struct publish *publish)
{
	int error = confine(connects_to_path(publish->request));

	if (error && error != -ENOSYS && error != -EINVAL)
		complain("it runs without confinement", error);
}

/* Jobs are worth watching without, too. */
static void start_feed(struct publish *publish)
{
	const struct publish_request *request = publish->request;
	int error = 0;

	if (request->devices || (request->http && !is_bound(publish)))
		error = feed_start(&publish->feed);
	if (error)
		complain("devices can't be followed", error);
}

static int open_and_run(struct publish *publish)
{
	int error = set_signals(publish);

	if (error)
		return complain("signals", error);
	if (add_sinks(publish))
		return HAUL_EXIT_FAILED;
	error = open_roster(publish);
	if (error)
		return complain("progress can't be read", error);
	start_feed(publish);
	/* Only the news come a little later without. */
	(void)turn_ask_short();
	confine_self(publish);
	return report(publish, run(publish));
}

int publish_run(const struct publish_request *request)
{
	struct publish publish = {.request = request, .roster.notify_fd = -1, .signal_fd = -1};
	int error = sinks_open(&publish.sinks);
	int status;

	if (error)
		return complain("no memory", error);
	status = open_and_run(&publish);
	feed_stop(&publish.feed);
	roster_close(&publish.roster);
	sinks_close(&publish.sinks);
	if (publish.signal_fd >= 0)
		close(publish.signal_fd);
	return status;
}
