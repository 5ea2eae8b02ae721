/* SPDX-License-Identifier: MIT */
/*
 * What a job is asked to do, as the command line fills it in, the coordinator plans by it and
 * workers carry it out. Plain data: it travels in a message.
 */
#ifndef ENGINE_WIRE_OPTIONS_H
#define ENGINE_WIRE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "util/backup.h"

/* The clock of file times moves in steps of up to this (100 Hz). */
#define FILE_CLOCK_STEP_NS 10000000

enum job_operation {
	JOB_COPY = 0,
	JOB_MOVE = 1,
	JOB_REMOVE = 2,
	JOB_VERIFY = 3, /* `preserve` tells what of the metadata must be the same */
};

enum job_strategy {
	STRATEGY_AUTO = 0,
	STRATEGY_REFLINK,
	STRATEGY_RANGE,
	STRATEGY_DIRECT,
	STRATEGY_URING,
	STRATEGY_PLAIN,
	STRATEGY_NULL, /* nothing is read or written: to measure what everything else costs */
};

/* Which existing destinations are written to. */
enum job_update {
	UPDATE_ALL = 0,
	UPDATE_OLDER, /* than the source */
	UPDATE_NONE,
	UPDATE_NONE_FAIL, /* and each that exists is a failure */
};

/* Which blocks of zeros become holes. */
enum job_sparse {
	SPARSE_AUTO = 0, /* those that are holes in the source */
	SPARSE_ALWAYS,
	SPARSE_NEVER,
};

enum job_reflink {
	REFLINK_AUTO = 0,
	REFLINK_ALWAYS, /* or fail */
	REFLINK_NEVER,
};

/* What is made of anything but a directory. */
enum job_make {
	MAKE_COPY = 0,
	MAKE_HARD_LINK,
	MAKE_SYMLINK,
};

/* What of a source's metadata its copy gets (bits of job_options.preserve). */
enum preserve {
	PRESERVE_MODE = 1 << 0, /* permissions and POSIX ACLs */
	PRESERVE_OWNER = 1 << 1,
	PRESERVE_TIMES = 1 << 2,
	PRESERVE_LINKS = 1 << 3,
	PRESERVE_XATTR = 1 << 4,
	PRESERVE_CONTEXT = 1 << 5, /* the SELinux context */
	PRESERVE_XATTR_OR_FAIL = 1 << 6,
	PRESERVE_FLAGS = 1 << 7, /* inode flags, as of chattr(1), and the project id */
};

struct job_options {
	uint32_t operation;      /* enum job_operation */
	uint32_t strategy;       /* enum job_strategy */
	uint32_t preserve;       /* bits of enum preserve */
	uint32_t update;         /* enum job_update */
	uint32_t backup;         /* enum job_backup */
	uint32_t sparse;         /* enum job_sparse */
	uint32_t reflink;        /* enum job_reflink */
	uint32_t make;           /* enum job_make */
	uint32_t umask;          /* of the process that started the job */
	uint64_t salt;           /* of temporary names: the same in all runs of a job */
	int64_t started_ns;      /* CLOCK_REALTIME, less FILE_CLOCK_STEP_NS: what did not change
				    since is what was copied */
	int64_t durable_from_ns; /* CLOCK_REALTIME: when the job's first run began, 0: this is it */
	int64_t durable_until_ns; /* the same of the last sync that succeeded; 0: there was none */
	uint64_t limit;           /* bytes per second, of all workers together; 0: none */
	uint32_t workers;         /* at most */
	bool recursive;
	bool dereference;
	bool one_file_system;
	bool durable;
	bool verify; /* what was copied is read back from the medium and compared */
	bool sums;   /* checksums are taken of what is copied, and told */
	bool verbose;
	bool dry_run; /* nothing is changed */
	bool force;
	bool interactive;            /* ask before an existing destination is written to */
	bool remove_destination;     /* instead of writing into it */
	bool attributes_only;        /* no content, also not compared */
	bool keep_directory_symlink; /* copy into directories behind symlinks at the destination */
	bool debug;                  /* tell also what is left out */
	bool default_modes; /* --no-preserve=mode: as if made anew, whatever the source's mode is */
	bool directories;   /* rm -d: empty directories also without recursive */
	bool by_entry;      /* rm: entries are told before they go: to ask, or to tell about each */
	bool explain;       /* tell what is chosen and why */
	bool exchange;      /* mv: the two swap their names */
	bool no_copy;       /* mv: rename or fail */
	bool copy_special;  /* false: read FIFOs and devices as files (cp -r --copy-contents) */
	char backup_suffix[BACKUP_SUFFIX_BYTES];
};

/* CLOCK_REALTIME: when the job's first run began. */
static inline int64_t options_begun_ns(const struct job_options *options)
{
	return options->durable_from_ns ? options->durable_from_ns : options->started_ns;
}

#endif
