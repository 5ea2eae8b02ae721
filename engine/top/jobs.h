/* SPDX-License-Identifier: MIT */
/* What is known of the jobs, from their events: those that run, and those that ended lately. */
#ifndef ENGINE_TOP_JOBS_H
#define ENGINE_TOP_JOBS_H

#include <stdbool.h>
#include <sys/types.h>

#include "publisher/event.h"
#include "top/text.h"

#define TOP_JOBS_MAX     320 /* those that ended longest ago make room */
#define TOP_FAILURES_MAX 3   /* the newest are kept of each job */
#define TOP_VOLUMES_MAX  8   /* filesystems that a job is known to use */

struct top_job {
	char name[HAUL_JOB_BYTES + 1];
	enum event_job_state state;
	bool ended;
	char operation[32];
	struct top_text command; /* "cp /a /b -> /c" */
	struct top_text message; /* of how it ended, if there is something to say */
	/* Its operation and files point into this job. */
	struct event_progress progress;
	struct top_text current[EVENT_CURRENT_MAX];
	struct top_text failure[TOP_FAILURES_MAX]; /* "path: reason", the newest first */
	unsigned failure_count;
	dev_t volume[TOP_VOLUMES_MAX];
	unsigned volume_count;
};

struct top_jobs {
	/* Those that live, in the order in which they began; then the others, the last first. */
	struct top_job *row[TOP_JOBS_MAX];
	unsigned count;
};

/* All zeros is an empty list. */
void top_jobs_close(struct top_jobs *jobs);

/* Takes what an event of type job, progress or file says. */
void top_jobs_take(struct top_jobs *jobs, const struct event *event);

/* Forgets those that ended. */
void top_jobs_forget_ended(struct top_jobs *jobs);

/* Those that run or are paused. */
unsigned top_jobs_living(const struct top_jobs *jobs);

#endif
