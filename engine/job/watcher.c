/* SPDX-License-Identifier: MIT */
#include "job/watcher.h"

#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "job/coordinator.h"
#include "util/spawn.h"

#define LAST_WORDS_MS 2000

#define STRINGIZE_TOKEN(token) #token
#define STRINGIZE(macro)       STRINGIZE_TOKEN(macro)

static bool wants_bar(const struct job_request *request)
{
	switch (request->progress) {
	case JOB_PROGRESS_ALWAYS:
		return true;
	case JOB_PROGRESS_NEVER:
		return false;
	default:
		return isatty(STDERR_FILENO);
	}
}

void watcher_start(struct watcher *ret_watcher, struct job *job)
{
	char *argument[4] = {NULL};
	struct spawn spawn = {
		.role = "publisher",
		.arguments = argument,
		.channel_fd = SPAWN_NO_FD,
		.region_fd = job->region.inherit_fd,
		.cpu = SPAWN_NO_CPU,
	};
	char region[] = "--region-fd=" STRINGIZE(WIRE_REGION_FD);
	char terminal[] = "--terminal", always[] = "--terminal=always", json[] = "--json";
	int count = 0, error;

	*ret_watcher = (struct watcher){.pidfd = -1};
	job->bar = wants_bar(job->request);
	if (job->bar)
		argument[count++] =
			job->request->progress == JOB_PROGRESS_ALWAYS ? always : terminal;
	if (job->request->json)
		argument[count++] = json;
	if (!count)
		return;
	argument[count] = region;
	error = spawn_role(&spawn, &ret_watcher->pid, &ret_watcher->pidfd);
	if (error) {
		job->bar = false;
		ret_watcher->pid = 0;
		notify(job, "cannot start the publisher: %s", strerror(-error));
	}
}

void watcher_end(struct watcher *watcher)
{
	struct pollfd gone = {.fd = watcher->pidfd, .events = POLLIN};

	if (!watcher->pid)
		return;
	if (poll(&gone, 1, LAST_WORDS_MS) == 1)
		waitpid(watcher->pid, NULL, 0);
	close(watcher->pidfd);
	watcher->pid = 0;
}
