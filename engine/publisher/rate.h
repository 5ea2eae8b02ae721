/* SPDX-License-Identifier: MIT */
/*
 * How fast a job is, and when it will be finished. Pure arithmetic: the caller brings the clock.
 *
 * Speeds are averages over the past whose weight fades with its age. In the beginning they are the
 * plain average since the start, so that the first figures are as good as any.
 *
 * What is left is counted in bytes of work: each file counts for some bytes besides its content,
 * since a tree of small files takes the time that its files take, not its bytes. The time left
 * counts down with the clock and is corrected a little at a time, so it drifts to what the newest
 * speed says and does not jump there.
 */
#ifndef ENGINE_PUBLISHER_RATE_H
#define ENGINE_PUBLISHER_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "haul/progress.h"

/* A sum that fades. */
struct fading {
	double amount;
	double seconds;
};

struct rate {
	uint64_t start_ns;
	uint64_t last_ns;
	uint64_t bytes; /* at last_ns */
	uint64_t files;
	struct fading byte_speed;
	struct fading file_speed;
	struct fading work_speed;
	double eta_s;
	bool eta_known;
	uint64_t unwritten_bytes; /* at last_ns; 0: it was not about that */
};

/* Begins at `now_ns` with what the job has done by then, which counts for no speed. */
void rate_start(struct rate *rate, uint64_t now_ns, const struct haul_totals *totals);

/* Takes what the job has done by `now_ns`. Time in which it is paused does not count. Totals that
 * fell, since a worker died and its work is done again, count as no progress. */
void rate_update(struct rate *rate, uint64_t now_ns, const struct haul_totals *totals);

/* The same while the job only waits for what is still to be written (not 0): until rate_update is
 * called again, the speed and the time left are those of writing. */
void rate_update_writing(struct rate *rate, uint64_t now_ns, uint64_t unwritten_bytes);

double rate_bytes_per_s(const struct rate *rate);
double rate_files_per_s(const struct rate *rate);

/* False while nothing can be said: the plan isn't finished or nothing moves. */
bool rate_eta(const struct rate *rate, double *ret_eta_s);

#endif
