/* SPDX-License-Identifier: MIT */
/*
 * What the journal of a job that ended early says: how to run it again, and what it need not do
 * again. Nothing of it is believed that a checkpoint does not cover.
 */
#ifndef ENGINE_JOB_PAST_H
#define ENGINE_JOB_PAST_H

#include <stdbool.h>
#include <stdint.h>

#include "job/fingerprint.h"
#include "job/journal_record.h"

#define PAST_RANGE_BYTES (64ull << 20) /* a large file is remembered in parts of this size */

/* A large file that is not complete: which of its parts are durable, a bit each. */
struct past_large {
	struct past_large *next;
	struct fingerprint file;
	uint64_t run;        /* that made its temporary file, which has its name from it */
	uint64_t part_count; /* that there are bits for */
	uint8_t *part;
};

#define PAST_RUNS_MAX 8

struct past {
	int fd; /* of the journal, locked */
	char *path;
	char *job;
	char *directory;
	char **argument; /* ended by NULL */
	unsigned argument_count;
	uint32_t umask;
	bool into_directory; /* the destination was a directory to copy into */
	uint64_t salt;
	uint64_t run[PAST_RUNS_MAX]; /* earlier runs of the job, the last one first */
	unsigned run_count;
	int64_t started_ns;
	int64_t durable_ns; /* CLOCK_REALTIME: when the last sync that succeeded began; 0: none */
	struct fingerprint_set files; /* that are durable */
	struct past_large *larges;
	struct fingerprint_set moved; /* sources that are at their destination if they are gone */
	struct journal_footing *footing; /* on which filesystems the arguments are, in order */
	size_t footing_count;            /* 0 also when an older version wrote the journal */
	uint64_t good_bytes;             /* of the journal: sound records */
	uint64_t chain;                  /* the last one's checksum */
};

/* Reads a journal and keeps it locked. As journal_open_file, and -ENOENT; -EBADMSG: its beginning
 * is damaged; -EPROTONOSUPPORT: another version wrote it. */
int past_open(const char *path, struct past *ret_past);
/* The same of a journal that is open and locked: the past takes over `fd`, also on failure. */
int past_read(int fd, const char *path, struct past *ret_past);
void past_close(struct past *past);

/* What is durable of a large file that is not complete; NULL: nothing. */
const struct past_large *past_find_large(const struct past *past, struct fingerprint file);
bool past_has_part(const struct past_large *large, uint64_t part);

#endif
