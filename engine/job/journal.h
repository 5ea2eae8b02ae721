/* SPDX-License-Identifier: MIT */
/*
 * Writing a job's journal (journal_record.h draws it). The file is locked (F_OFD_SETLK) as long as
 * it is open, so that nobody resumes a job that runs.
 */
#ifndef ENGINE_JOB_JOURNAL_H
#define ENGINE_JOB_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "job/fingerprint.h"
#include "job/journal_record.h"

#define JOURNAL_NO_FD (-1)

struct past;

struct journal {
	int fd;          /* JOURNAL_NO_FD: none is written */
	char *path;      /* absolute */
	uint64_t chain;  /* the last record's checksum */
	uint64_t bytes;  /* of all records, those in the buffer included */
	uint8_t *buffer; /* what is not in the file yet */
	size_t used;
	size_t capacity;
};

/* What the job is. */
struct journal_story {
	const char *job;
	const char *directory; /* that it works in */
	const char *command;   /* "cp" */
	char *const *argument; /* what followed that */
	unsigned argument_count;
	uint32_t umask;
	bool into_directory;
	uint64_t salt;
	uint64_t run;
	int64_t started_ns;
};

/* Opens and locks a journal file, which is made if `create` says so. -EBUSY: it is in use; -EPERM:
 * it is not this user's alone; -EEXIST: it is something else than a journal. */
int journal_open_file(const char *path, bool create, int *ret_fd);

/* Begins a journal in the file, which it takes over, also on failure. What it held is lost. */
int journal_begin(
	struct journal *journal, int fd, const char *path, const struct journal_story *story);
/* Goes on with one that was read; its file and path move to the journal. */
int journal_continue(struct journal *journal, struct past *past, uint64_t run);

/* Each returns 0 or -errno of write(2). After a failure nothing more may be added. */
int journal_add_files(struct journal *journal, const struct fingerprint *file, size_t count);
int journal_add_range(struct journal *journal, const struct journal_range *range);
int journal_add_moved(struct journal *journal, struct fingerprint source);
int journal_add_footing(struct journal *journal, const struct journal_footing *footing);
int journal_add_checkpoint(struct journal *journal, uint64_t covered_bytes, int64_t began_ns);
/* Hands what was added to the kernel. */
int journal_flush(struct journal *journal);

/* Closes it; what the buffer holds is lost. */
void journal_close(struct journal *journal);
/* Removes its file before. */
void journal_remove(struct journal *journal);

#endif
