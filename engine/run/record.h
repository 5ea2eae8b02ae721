/* SPDX-License-Identifier: MIT */
/*
 * What a run has done so far, as text: a first line that tells which job file it is about, and in
 * which boot of the machine, and then a line for each job that is done. A line that was not written
 * to its end counts for nothing.
 *
 * A job is done when its process says so, and what it wrote may then be in memory only, as with
 * any copy. So after the machine was started anew, a copy counts as not done; a job that takes its
 * sources away is done when they are away, and a serial transfer, whose other side has not been
 * started anew, is done.
 */
#ifndef ENGINE_RUN_RECORD_H
#define ENGINE_RUN_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run/run.h"

#define RECORD_NO_FD (-1)

struct record {
	int fd;    /* holds a lock; RECORD_NO_FD: nothing is recorded */
	bool torn; /* a line could not be written to its end: no other must follow */
	const char *path;
};

/* Opens the record of a run; `path` stays the caller's. A new run begins a new one, an old one goes
 * on: then its jobs that are done become so. -EBUSY: a run of that name is running; -ENOENT: there
 * is none to go on with; -ESTALE: it is about another job file; -EBADMSG: it is damaged; -errno. */
int record_open(const char *path, bool go_on, uint64_t text_hash, struct run_job *job, size_t count,
	struct record *ret_record);
/* Notes that the job of a line is done. */
void record_done(struct record *record, unsigned number);
/* `keep`: there is something left to go on with. */
void record_close(struct record *record, bool keep);

#endif
