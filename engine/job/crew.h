/* SPDX-License-Identifier: MIT */
/*
 * The worker processes of a job: starting them, talking to them, noticing that one died.
 */
#ifndef ENGINE_JOB_CREW_H
#define ENGINE_JOB_CREW_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "job/item.h"
#include "progress/region.h"
#include "wire/message.h"

struct worker {
	unsigned index;
	unsigned lane; /* in the progress region */
	int cpu;
	pid_t pid; /* 0: not running */
	int pidfd;
	int channel;
	bool greeted;              /* it has said HELLO */
	bool wants_more;           /* while items are handed out */
	bool blocked;              /* its channel was full: wait until it can be written */
	struct item_queue items;   /* what it has, oldest first */
	uint32_t lists;            /* LIST items among them */
	uint32_t ranges;           /* parts of large files among them */
	struct wire_done finished; /* sums of all that it reported, also by its predecessors */
	struct wire_buffer out;
};

struct crew {
	struct worker *worker;
	unsigned count;
	uint8_t *in_data; /* one datagram, shared: they are handled one at a time */
};

/* Makes `count` workers that are not running yet. `cpu` has a number for each. */
int crew_open(struct crew *crew, unsigned count, const int *cpu);
/* Closes the channels, which ends the workers, and reaps them; those that are not gone within
 * `grace_ms` are killed. Gives the number of those that don't end even so: they wait for a device
 * that does not answer, and are left to init. */
unsigned crew_close(struct crew *crew, int grace_ms);

/* Starts (or replaces) a worker and puts its SETUP into its buffer. */
int worker_start(
	struct worker *worker, const struct region *region, const struct job_options *options);
bool worker_running(const struct worker *worker);
/* Sends what its buffer holds. 0 also when the channel is full: then `blocked` is set. -EPIPE when
 * it is gone. */
int worker_flush(struct worker *worker);
/* Reaps a worker that is gone or going, closes its descriptors, and says whether it was killed
 * from outside rather than at fault. */
void worker_reap(struct worker *worker, bool *ret_killed);

#endif
