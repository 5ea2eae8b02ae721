/* SPDX-License-Identifier: MIT */
/*
 * What a sink remembers of each job: its newest state, for those who join late or come back, and
 * for coalescing: of what may be missed, only the newest is kept.
 */
#ifndef ENGINE_PUBLISHER_BOARD_H
#define ENGINE_PUBLISHER_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "publisher/sink.h"

#define BOARD_MAX 256 /* jobs; those that ended longest ago make room for new ones */

/* A copy of an event's JSON. */
struct board_text {
	char *data;
	size_t bytes;
	size_t capacity;
};

struct board_row {
	char job[HAUL_JOB_BYTES + 1];
	const char *state;           /* "running", "paused", "done", "failed", "cancelled" */
	uint64_t seq;                /* of the newest event of the job */
	struct board_text start;     /* the first job event */
	struct board_text job_event; /* the newest one */
	struct board_text progress;
	uint64_t job_seq;
	uint64_t progress_seq;
	bool progress_due; /* not passed on yet */
	bool ended;
	uint64_t age;       /* rises from row to row: which one ended longest ago */
	uint64_t window_ns; /* when the present allowance began */
	unsigned window_used;
};

struct board {
	struct board_row *row[BOARD_MAX];
	unsigned count;
	uint64_t age;
};

/* Makes a copy. False for want of memory. All zeros is an empty text; free its data. */
bool board_text_set(struct board_text *text, const char *data, size_t bytes);

/* All zeros is an empty one. */
void board_close(struct board *board);

/* Keeps what the event says of its job. Returns the job's row, or NULL if there is no room. The
 * row stays valid until the next call. */
struct board_row *board_take(struct board *board, const struct sink_event *event);

/* Whether an event that may be missed should be passed on: a hundred a second of each job are as
 * much as anyone can look at. */
bool board_admits(struct board_row *row, const struct event *event);

#endif
