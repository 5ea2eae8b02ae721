/* SPDX-License-Identifier: MIT */
/* The publisher process that a job starts for its own terminal and standard output. Whatever
 * happens to it, the job goes on. */
#ifndef ENGINE_JOB_WATCHER_H
#define ENGINE_JOB_WATCHER_H

#include <sys/types.h>

struct job;

struct watcher {
	pid_t pid; /* 0: nobody watches */
	int pidfd;
};

/* Starts it if the request asks for events or a bar. */
void watcher_start(struct watcher *ret_watcher, struct job *job);
/* The job has reached its final state: waits a moment for the last lines to be written, and leaves
 * behind a publisher whose reader is slow. */
void watcher_end(struct watcher *watcher);

#endif
