/* SPDX-License-Identifier: MIT */
/*
 * The sentry is the process that the user started. It forks the coordinator, hears signals and the
 * control socket for it, and never touches a filesystem of the job itself: so whatever hangs there,
 * somebody answers, and can end.
 */
#ifndef ENGINE_JOB_SENTRY_H
#define ENGINE_JOB_SENTRY_H

#include <stdint.h>

struct job;

/* What the sentry passes on to the coordinator. Each is answered when it has been obeyed. */
enum sentry_order {
	SENTRY_STOP = 1,
	SENTRY_PAUSE,
	SENTRY_RESUME,
};

/* Runs coordinate(job) in a process of its own and stands guard over it. The job has its region;
 * everybody who reads it knows the end when this returns the exit status. */
int sentry_run(struct job *job, void (*coordinate)(struct job *job));

/* ---- for the coordinator: job->orders is its end ---- */

/* The next order. 1, 0 when there is none, or -errno. */
int sentry_next_order(int channel, enum sentry_order *ret_order);
/* It is obeyed. */
void sentry_obeyed(int channel);
/* What `haul resume` takes, for whoever ends the job in its stead. */
void sentry_tell_resumable(int channel, const char *name);

#endif
