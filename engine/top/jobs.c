/* SPDX-License-Identifier: MIT */
#include "top/jobs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "top/volume.h"

void top_jobs_close(struct top_jobs *jobs)
{
	for (unsigned at = 0; at < jobs->count; at++)
		free(jobs->row[at]);
	jobs->count = 0;
}

/* ---- the list ---- */

static int find_at(const struct top_jobs *jobs, const char *name)
{
	for (unsigned at = 0; at < jobs->count; at++)
		if (strcmp(jobs->row[at]->name, name) == 0)
			return (int)at;
	return -ENOENT;
}

static struct top_job *find(const struct top_jobs *jobs, const char *name)
{
	int at = find_at(jobs, name);

	return at < 0 ? NULL : jobs->row[at];
}

unsigned top_jobs_living(const struct top_jobs *jobs)
{
	unsigned living = 0;

	for (unsigned at = 0; at < jobs->count; at++)
		living += !jobs->row[at]->ended;
	return living;
}

static struct top_job *take_out(struct top_jobs *jobs, unsigned at)
{
	struct top_job *job = jobs->row[at];

	jobs->count--;
	for (; at < jobs->count; at++)
		jobs->row[at] = jobs->row[at + 1];
	return job;
}

/* Between those that live and those that ended: one that begins is the newest of the former, and
 * one that has just ended of the latter. There must be room. */
static void put_between(struct top_jobs *jobs, struct top_job *job)
{
	unsigned at = top_jobs_living(jobs);

	for (unsigned from = jobs->count; from > at; from--)
		jobs->row[from] = jobs->row[from - 1];
	jobs->row[at] = job;
	jobs->count++;
}

void top_jobs_forget_ended(struct top_jobs *jobs)
{
	while (jobs->count && jobs->row[jobs->count - 1]->ended)
		free(take_out(jobs, jobs->count - 1));
}

/* One of this name may have been there before. NULL: too many live, or there is no memory. */
static struct top_job *begin(struct top_jobs *jobs, const char *name)
{
	int before = find_at(jobs, name);
	struct top_job *job;

	if (before >= 0)
		free(take_out(jobs, (unsigned)before));
	if (jobs->count == TOP_JOBS_MAX && jobs->row[jobs->count - 1]->ended)
		free(take_out(jobs, jobs->count - 1));
	job = jobs->count < TOP_JOBS_MAX ? calloc(1, sizeof(*job)) : NULL;
	if (!job)
		return NULL;
	snprintf(job->name, sizeof(job->name), "%s", name);
	job->progress.operation = job->operation;
	put_between(jobs, job);
	return job;
}

static void end(struct top_jobs *jobs, struct top_job *job)
{
	take_out(jobs, (unsigned)find_at(jobs, job->name));
	job->ended = true;
	put_between(jobs, job);
}

/* ---- events ---- */

static void put_command(struct top_job *job, const struct event_job *event)
{
	char line[HAUL_ARGUMENT_BYTES + 64];
	const char *argument = event->arguments;
	size_t used = (size_t)snprintf(line, sizeof(line), "%s", event->operation);

	for (unsigned at = 0; at < event->argument_count && used < sizeof(line); at++) {
		bool last = at + 1 == event->argument_count;

		used += (size_t)snprintf(line + used, sizeof(line) - used, "%s %s",
			last && event->has_destination ? " ->" : "", argument);
		argument += strlen(argument) + 1;
	}
	top_text_end(&job->command, line, strlen(line));
}

static void take_job(struct top_jobs *jobs, const struct event *event)
{
	const struct event_job *state = &event->job_state;
	bool is_watch = strcmp(state->operation, HAUL_WATCH_OPERATION) == 0;
	struct top_job *job;

	/* A publisher's feed of devices: this screen has its own. */
	if (is_watch)
		return;
	job = state->state == EVENT_JOB_STARTED ? begin(jobs, event->job) : find(jobs, event->job);
	if (!job)
		return;
	job->state = state->state;
	if (event_is_last(event))
		end(jobs, job);
	if (state->message)
		top_text_start(&job->message, state->message, strlen(state->message));
	if (state->state != EVENT_JOB_STARTED)
		return;
	snprintf(job->operation, sizeof(job->operation), "%s", state->operation);
	put_command(job, state);
	job->volume_count = volume_of_job(job->name, job->volume, TOP_VOLUMES_MAX);
}

static void take_progress(struct top_job *job, const struct event_progress *progress)
{
	job->progress = *progress;
	job->progress.operation = job->operation;
	for (unsigned at = 0; at < progress->current_count; at++) {
		struct top_text *current = &job->current[at];

		top_text_end(current, progress->current[at].data, progress->current[at].bytes);
		job->progress.current[at] = (struct event_text){current->data, current->bytes};
	}
}

static void take_failure(struct top_job *job, const struct event_file *file)
{
	char line[2 * TOP_TEXT_BYTES];
	const char *reason = file->message.bytes ? file->message.data : strerror(file->error);
	size_t reason_bytes = file->message.bytes ? file->message.bytes : strlen(reason);
	struct top_text path;
	int bytes;

	memmove(job->failure + 1, job->failure, sizeof(job->failure) - sizeof(job->failure[0]));
	if (job->failure_count < TOP_FAILURES_MAX)
		job->failure_count++;
	top_text_end(&path, file->path.data, file->path.bytes);
	if (reason_bytes > TOP_TEXT_BYTES / 2)
		reason_bytes = TOP_TEXT_BYTES / 2;
	memcpy(line, path.data, path.bytes);
	bytes = snprintf(
		line + path.bytes, sizeof(line) - path.bytes, ": %.*s", (int)reason_bytes, reason);
	top_text_end(&job->failure[0], line, path.bytes + (size_t)bytes);
}

void top_jobs_take(struct top_jobs *jobs, const struct event *event)
{
	struct top_job *job;

	if (event->type == EVENT_JOB) {
		take_job(jobs, event);
		return;
	}
	job = find(jobs, event->job);
	if (!job)
		return;
	if (event->type == EVENT_PROGRESS)
		take_progress(job, &event->progress);
	else if (event->type == EVENT_FILE && event->file.state == EVENT_FILE_FAILED)
		take_failure(job, &event->file);
}
