/* SPDX-License-Identifier: MIT */
/*
 * What a comparison has to remember: how parts of a large file went, and which names share an
 * inode. The latter only of files that have more than one name on either side.
 */
#ifndef ENGINE_JOB_COMPARISON_H
#define ENGINE_JOB_COMPARISON_H

#include <stdbool.h>
#include <stdint.h>

/* A large file that is compared in parts. */
struct comparison {
	uint32_t items; /* parts that are not over */
	bool failed;    /* and that was said */
	bool differs;
	uint32_t told;       /* kinds of differences of the whole file, as bits 1 << kind */
	uint64_t differs_at; /* the content of all parts that are done; UINT64_MAX: nowhere */
};

struct comparison *comparison_new(void); /* NULL: out of memory */
/* One item less; frees it with the last one. */
void comparison_release(struct comparison *comparison);

/* An inode of one side that has several names, and the one that these have on the other side. */
struct twin {
	struct twin *next;
	uint64_t device;
	uint64_t inode;
	uint64_t other_device;
	uint64_t other_inode;
	char name[]; /* the first that was found, below the root */
};

struct twin_table {
	struct twin **bucket;
	uint32_t bucket_count; /* a power of two */
	uint32_t count;
};

/* Finds the twin of an inode, or notes it with what the name has on the other side. *ret_twin is
 * what was known before, NULL: nothing. -ENOMEM. */
int twin_table_add(struct twin_table *table, const struct twin *twin, const char *name,
	struct twin **ret_twin);
void twin_table_free(struct twin_table *table);

#endif
