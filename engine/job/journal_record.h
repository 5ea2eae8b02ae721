/* SPDX-License-Identifier: MIT */
/*
 * A journal is an append-only file of records, each a struct journal_record and its payload,
 * padded with zeros to 8 bytes. Numbers are the machine's own: a journal does not travel.
 *
 *     BEGIN       first: what the job is, so that it can be run again
 *     FILES       fingerprints of files that are complete under their final names
 *     RANGE       a part of a large file that is in its temporary file
 *     CHECKPOINT  everything before an earlier position is durable
 *     RESUMED     the job was run again: what was not durable until here is not to be trusted
 *     FOOTING     follows BEGIN: which filesystem the next arguments are on, the destination first
 *     MOVED       the fingerprint of a source that goes next: its copy is durable, or it is renamed
 *
 * Each checksum covers its record and the checksum before it, so a record that is sound proves
 * that all before it are: a journal is good up to its first bad record. A CHECKPOINT is written
 * when a sync of every destination has succeeded that began after the records it covers were
 * handed in; records in between say nothing yet. MOVED is true by itself: it is written after the
 * sync. That the source did go is seen by its absence.
 */
#ifndef ENGINE_JOB_JOURNAL_RECORD_H
#define ENGINE_JOB_JOURNAL_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "job/fingerprint.h"

#define JOURNAL_MAGIC            "haul's journal\n" /* 16 bytes with its NUL */
#define JOURNAL_VERSION          1u
#define JOURNAL_RECORD_BYTES_MAX (16u << 20)

enum journal_type {
	JOURNAL_BEGIN = 1,
	JOURNAL_FILES,
	JOURNAL_RANGE,
	JOURNAL_CHECKPOINT,
	JOURNAL_RESUMED,
	JOURNAL_MOVED,
	JOURNAL_FOOTING,
};

struct journal_record {
	uint32_t bytes;    /* this and the payload, without the padding */
	uint32_t type;     /* enum journal_type */
	uint64_t checksum; /* XXH3, 64 bits, seeded with the one before, of all with this as 0 */
};

/* Then texts, each with its NUL: the job's name, its working directory, its arguments. */
struct journal_begin {
	char magic[16];
	uint32_t version;
	uint32_t umask;
	uint64_t salt;      /* of fingerprints */
	uint64_t run;       /* a random number, from which names of temporary files are made */
	int64_t started_ns; /* CLOCK_REALTIME */
	uint32_t into_directory;
	uint32_t argument_count;
};

struct journal_range {
	struct fingerprint file;
	uint64_t run; /* that made the temporary file */
	uint64_t offset;
	uint64_t length;
};

#define JOURNAL_UUID_BYTES 40

/* Of several arguments in a row that are on one filesystem. */
struct journal_footing {
	uint64_t type;                 /* as statfs(2) tells it; 0: it isn't known */
	uint64_t number;               /* f_fsid of statfs(2), if it stays; 0: it doesn't */
	uint64_t count;                /* of arguments */
	char uuid[JOURNAL_UUID_BYTES]; /* empty: it has none, or it isn't known */
};

struct journal_resumed {
	uint64_t run;
};

struct journal_checkpoint {
	uint64_t covered_bytes; /* of this file: the records before this position are durable */
	int64_t began_ns;       /* CLOCK_REALTIME, when the sync began */
};

/* A record and its padding. */
static inline size_t journal_padded(size_t bytes)
{
	return (bytes + 7) & ~(size_t)7;
}

/* The checksum of a record with its padding, whose checksum field is 0. */
uint64_t journal_checksum(uint64_t previous, const struct journal_record *record);

#endif
