/* SPDX-License-Identifier: MIT */
#include "job/watcher.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "job/coordinator.h"
#include "progress/announce.h"
#include "util/spawn.h"

#define LAST_WORDS_MS 2000

#define STRINGIZE_TOKEN(token) #token
#define STRINGIZE(macro)       STRINGIZE_TOKEN(macro)

static bool wants_bar(const struct job_request *request, enum announced announced)
{
	if (announced != ANNOUNCE_NOBODY)
		return false;
	switch (request->progress) {
	case JOB_PROGRESS_ALWAYS:
		return true;
	case JOB_PROGRESS_NEVER:
		return false;
	default:
		return isatty(STDERR_FILENO);
	}
}

#define OPTIONS_MAX 8

struct watcher_options {
	char *argument[OPTIONS_MAX]; /* owned, ended by NULL */
	unsigned count;
	bool failed;
};

/* `value` may be NULL: then the option is left out. */
static void add_option(struct watcher_options *options, const char *name, const char *value)
{
	char **argument = &options->argument[options->count];

	if (!value)
		return;
	if (asprintf(argument, "%s%s", name, value) < 0) {
		*argument = NULL;
		options->failed = true;
		return;
	}
	options->count++;
}

static void free_options(struct watcher_options *options)
{
	while (options->count)
		free(options->argument[--options->count]);
}

/* What the publisher is to do; nothing when `count` is 0. */
static void list_options(
	const struct job *job, enum announced announced, struct watcher_options *options)
{
	const struct job_request *request = job->request;
	bool always = request->progress == JOB_PROGRESS_ALWAYS;

	add_option(options, "--terminal", !job->bar ? NULL : always ? "=always" : "");
	add_option(options, "--json", request->json && announced == ANNOUNCE_NOBODY ? "" : NULL);
	add_option(options, "--redis=", request->redis);
	add_option(options, "--socketio=", request->socketio);
	add_option(options, "--http=", request->http);
	add_option(options, "--http-token=", request->http_token);
	if (options->count)
		add_option(options, "--region-fd=", STRINGIZE(WIRE_REGION_FD));
}

static int spawn_watcher(struct watcher *watcher, struct job *job, struct watcher_options *options)
{
	const struct spawn spawn = {
		.role = "publisher",
		.arguments = options->argument,
		.channel_fd = SPAWN_NO_FD,
		.region_fd = job->region.inherit_fd,
		.cpu = SPAWN_NO_CPU,
	};

	if (options->failed)
		return -ENOMEM;
	return spawn_role(&spawn, &watcher->pid, &watcher->pidfd);
}

void watcher_start(struct watcher *ret_watcher, struct job *job)
{
	enum announced announced = announce_region(&job->region);
	struct watcher_options options = {0};
	int error = 0;

	*ret_watcher = (struct watcher){.pidfd = -1};
	job->bar = wants_bar(job->request, announced);
	list_options(job, announced, &options);
	if (options.count)
		error = spawn_watcher(ret_watcher, job, &options);
	free_options(&options);
	if (error) {
		job->bar = false;
		ret_watcher->pid = 0;
		notify(job, "cannot start the publisher: %s", strerror(-error));
	}
	job->bar |= announced == ANNOUNCE_BAR;
}

void watcher_end(struct watcher *watcher)
{
	struct pollfd gone = {.fd = watcher->pidfd, .events = POLLIN};

	if (!watcher->pid)
		return;
	/* It may be asleep for a while yet. */
	kill(watcher->pid, SIGWINCH);
	if (poll(&gone, 1, LAST_WORDS_MS) == 1)
		waitpid(watcher->pid, NULL, 0);
	close(watcher->pidfd);
	watcher->pid = 0;
}
