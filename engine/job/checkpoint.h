/* SPDX-License-Identifier: MIT */
/*
 * A checkpoint makes what was copied so far durable, while the copy goes on: the filesystem of
 * every destination is synced, and when all of that has succeeded, the journal says so. Roots wait
 * for one before their copies are verified or their sources are removed.
 */
#ifndef ENGINE_JOB_CHECKPOINT_H
#define ENGINE_JOB_CHECKPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "job/keeper.h"

/* A filesystem that is written to. Its directory was opened before the first write: a descriptor
 * tells, once, of every error since it was opened. The spare one is for when that was told to a
 * keeper that died. */
struct checkpoint_target {
	uint64_t device;
	int fd;
	int spare_fd; /* KEEPER_NO_FD: used up */
};

struct root;

struct checkpoint {
	struct checkpoint_target *target;
	unsigned target_count;
	struct keeper keeper;
	struct root *waiting; /* roots that were copied since the last one began */
	struct root *covered; /* and before: by next_waiting */
	bool under_way;
	bool recorded;   /* its targets are synced and the journal says so; that is being synced */
	bool last;       /* nothing was left to do when it began */
	bool for_roots;  /* it began for their sake alone: the journal is not told */
	bool removable;  /* one of the targets is: the job ends with a last one */
	bool complete;   /* the last one succeeded */
	int error;       /* there are no more checkpoints; it was said why */
	unsigned number; /* of the target that is being synced */
	uint64_t covered_bytes;  /* of the journal */
	uint64_t durable_bytes;  /* that become durable with it */
	uint64_t accepted_bytes; /* when the last one began */
	int64_t began_ns;        /* CLOCK_REALTIME */
	uint64_t due_ns;         /* CLOCK_MONOTONIC: when to begin the next */
};

#endif
