/* SPDX-License-Identifier: MIT */
/*
 * How ranges of large files are moved between two places: a first choice from what is known of
 * them, then better ones by trying. Pure: it knows no device, no clock and no job, so tests can
 * feed it any measurements.
 *
 *     tuner_issue -> a range is moved in the manner it gave -> tuner_measure, with what that took
 *
 * A few ranges now and then are a probe of another choice, a neighbour of the current one. The
 * first tells whether it is out of the question; if not, two more tell whether it is better.
 */
#ifndef ENGINE_JOB_TUNER_H
#define ENGINE_JOB_TUNER_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/message.h"

struct tuner_facts {
	bool ring;             /* io_uring can be used */
	bool cached;           /* the source is in the page cache, for the most part */
	bool source_in_memory; /* tmpfs: there is no device */
	bool target_in_memory;
	bool offloads;  /* copy_file_range is the filesystem's own here */
	bool removable; /* one of both devices is */
	bool sparse;    /* the file has holes, which are kept */
	unsigned workers;
};

struct tuner_choice {
	struct wire_manner manner;
	unsigned workers; /* that share one file */
};

/* Why a choice is as it is. */
enum tuner_reason {
	TUNER_ASKED,     /* by the user */
	TUNER_NO_RING,   /* io_uring is refused */
	TUNER_OFFLOADS,  /* the filesystem copies by itself */
	TUNER_IN_MEMORY, /* there is no device on either side */
	TUNER_SPARSE,    /* direct writes into holes wait for each other */
	TUNER_REMOVABLE, /* shallow */
	TUNER_CACHED,
	TUNER_COLD,
	TUNER_FASTER, /* measured */
	TUNER_SLOWED, /* measured, after the former choice became slow */
};

#define TUNER_RECENT 4

struct tuner_rate {
	uint64_t bytes;
	uint64_t ns;
};

struct tuner {
	struct tuner_facts facts;
	struct tuner_choice current;
	enum tuner_reason reason;
	bool fixed;                             /* nothing is tried */
	struct tuner_rate recent[TUNER_RECENT]; /* ranges in the current choice, a circle */
	unsigned recent_count;
	unsigned rest;      /* ranges until the next probe */
	double best_rate;   /* of the current choice, bytes/ns */
	double former_rate; /* of the one before it, when the reason is a measurement */
	bool slowed;
	unsigned first_move; /* neighbours are tried in a circle, from here on */
	unsigned moves;      /* so many were tried */
	unsigned probes;     /* that there were, since the last slump */
	unsigned trial;      /* the probe's number, 0: none */
	unsigned trials;     /* numbers that were used */
	struct tuner_choice probe;
	struct tuner_rate probed;
	unsigned probe_issued;
	unsigned probe_wanted;
	unsigned probe_done;
};

void tuner_begin(struct tuner *tuner, const struct tuner_facts *facts);
/* The user's choice; nothing is tried. */
void tuner_begin_fixed(
	struct tuner *tuner, const struct tuner_facts *facts, enum job_strategy strategy);

/* How the next range is moved. The number is told back; 0 is the current choice. */
unsigned tuner_issue(struct tuner *tuner, struct tuner_choice *ret_choice);
/* The range was moved; it took `ns` longer than those before it. True: there is a new current
 * choice. */
bool tuner_measure(struct tuner *tuner, unsigned trial, uint64_t bytes, uint64_t ns);
/* It was not. */
void tuner_forget(struct tuner *tuner, unsigned trial);
/* Bytes per nanosecond of the current choice, 0: not measured yet. */
double tuner_rate(const struct tuner *tuner);

#endif
