/* SPDX-License-Identifier: MIT */
/*
 * PREPARE, RANGE, COMMIT: the parts of copying a large file. Several workers share it, in a
 * temporary file of a name that the coordinator chose.
 */
#ifndef ENGINE_WORKER_PART_H
#define ENGINE_WORKER_PART_H

#include "io/cache.h"
#include "worker/executor.h"
#include "worker/overwrite.h"

#define PART_NO_FD (-1)

/* The operations of its requests. */
enum part_operation {
	PART_CHUNK,
};

/* One of the three items at work. */
struct part {
	struct slot slot;
	struct work *work;
	struct wire_text name;
	const char *target_name;
	const char *temporary;
	int source_fd;
	int temporary_fd;
	bool moving;        /* its transfer has begun */
	struct stat status; /* of the source */
	struct overwrite overwrite;
	struct transfer transfer;
	struct cache_view cached; /* of the source, before it was read */
	uint64_t told_read;       /* of the transfer's counts, what was counted */
	uint64_t told_accepted;
};

extern const size_t part_slot_bytes;

/* Does the item, or begins it. 0, or -EAGAIN: no slot is free. */
int part_begin(struct executor *executor, struct work *work);

/* ---- between its parts ---- */

void part_prepare(struct executor *executor, struct part *part);
void part_range(struct executor *executor, struct part *part);
void part_range_run(struct executor *executor, struct part *part);
/* Lets the next range begin. */
void part_give_turn(struct executor *executor, struct part *part);
void part_range_chunk(struct executor *executor, struct part *part, unsigned chunk, int result);
void part_commit(struct executor *executor, struct part *part);

/* Opens the source and looks at it. False: the item failed and is over. */
bool part_open_source(struct executor *executor, struct part *part);
/* Has the source the size and time of change that the item tells? */
bool part_source_is_as_told(const struct part *part);
/* Opens the temporary file. False: it isn't there, or something else is; the item failed and is
 * over. */
bool part_open_temporary(struct executor *executor, struct part *part);

/* The item is over: without success, with it, or after another answer than DONE. */
void part_fail(
	struct executor *executor, struct part *part, enum wire_operation operation, int error);
void part_done(struct executor *executor, struct part *part);
void part_end(struct executor *executor, struct part *part);

void part_remove_temporary(const struct part *part);
void part_count_transfer(struct executor *executor, struct part *part);
/* The file is complete, and counts so. */
void part_tell_done(struct executor *executor, struct part *part);

/* ---- part_publish.c: what both PREPARE (of a reflink) and COMMIT end with ---- */

/* What is to become of that which has the name. */
enum overwrite_verdict part_decide(struct executor *executor, struct part *part);

/* Gives the temporary file its metadata. */
void part_settle(struct executor *executor, struct part *part);

/* And its name. False: the file was left out, or failed, without its temporary file, and the item
 * is over. */
bool part_publish(struct executor *executor, struct part *part);

#endif
