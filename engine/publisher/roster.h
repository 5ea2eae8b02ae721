/* SPDX-License-Identifier: MIT */
/*
 * The jobs that are being watched: one whose region was handed over, several that are handed over
 * as they start, or all of this user.
 */
#ifndef ENGINE_PUBLISHER_ROSTER_H
#define ENGINE_PUBLISHER_ROSTER_H

#include <stdbool.h>
#include <stdint.h>

#include "publisher/watch.h"

#define ROSTER_MAX 256 /* jobs at once; more wait until others have ended */

struct roster_row {
	char job[HAUL_JOB_BYTES];
	uint64_t start_ns;   /* tells jobs of one name apart; 0: its region was refused */
	struct watch *watch; /* NULL: it has ended, and its region is still there */
	bool seen;
};

struct roster {
	struct roster_row row[ROSTER_MAX];
	unsigned count;
	struct watch_target target;
	int notify_fd; /* readable when a job may have begun; -1: there will be no others */
	bool handed;   /* jobs are announced on it */
	bool rescan;
	uint64_t scan_ns;
	bool moved;
	bool gone; /* a job died without a word */
	/* Said once about each region that is none or of another version. May be NULL. */
	void (*refused)(const char *job, int error);
};

/* Watches one job. `region_fd` stays the caller's. */
int roster_open_one(int region_fd, uint64_t now_ns, const struct watch_target *target,
	void (*refused)(const char *job, int error), struct roster *ret_roster);

/* Watches the jobs whose regions are announced on a channel (progress/announce.h), until that is
 * closed. The channel becomes the roster's. */
void roster_open_handed(int channel, const struct watch_target *target,
	void (*refused)(const char *job, int error), struct roster *ret_roster);

/* Watches all jobs of this user. */
int roster_open_all(const struct watch_target *target, void (*refused)(const char *job, int error),
	struct roster *ret_roster);
void roster_close(struct roster *roster);

/* Looks for new jobs if there may be some, and takes a step with each that runs. */
void roster_step(struct roster *roster, uint64_t now_ns);

/* How many jobs run. */
unsigned roster_running(const struct roster *roster);

/* Whether the last step found something. */
bool roster_moved(const struct roster *roster);

/* Whether there may be others later. */
bool roster_expects(const struct roster *roster);

/* Sleeps on the bell of the only job. -EINVAL when it isn't alone. */
int roster_wait(struct roster *roster, int timeout_ms);

#endif
