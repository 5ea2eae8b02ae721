/* SPDX-License-Identifier: MIT */
/*
 * A directory that is being worked on, from the moment it is found until its metadata is final.
 * Only open directories are remembered, so memory follows the shape of what is in flight and not
 * the size of the tree.
 */
#ifndef ENGINE_JOB_DIRECTORY_H
#define ENGINE_JOB_DIRECTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/message.h"

struct root;
struct telling;
struct worker;

struct directory {
	struct directory *parent; /* NULL for the root's own */
	struct root *root;
	uint64_t pending; /* children and work that are not finished */
	struct wire_directory metadata;
	struct telling *telling; /* what is said of it and all below; held by the outermost one */
	bool listed;             /* metadata is there */
	bool finished;           /* its metadata is on its way */
	bool broken;             /* could not be made: nothing to finish */
	bool virtual;            /* holds entries named on the command line: not ours to finish */
	bool ask;                /* a removal asks before it goes */
	uint16_t flags;          /* a removal: enum entry_flag of its entry */
	bool kept;               /* a removal left something in it, and has said so */
	uint8_t relists;         /* a removal looked again for what it missed */
	bool removed_alone;      /* a removal gives it to one worker at a time */
	struct worker *remover;  /* who was given the latest part of it to remove */
	uint32_t removers;       /* parts that workers have */
	int list_error; /* a removal could not read it: told if it turns out not to be empty */
	uint16_t name_bytes;
	char name[];
};

/* Counts as one pending of its parent until it is freed. NULL when out of memory. */
struct directory *directory_new(
	struct root *root, struct directory *parent, const char *name, size_t name_bytes);
void directory_free(struct directory *directory);

/* Frees it and its ancestors as far as nothing is pending in them; a root's own is left to the
 * root. For work that is given up. */
void directory_release(struct directory *directory);

/* The path below the root, "" for the root itself, into ret_path. Returns its length, or
 * -ENAMETOOLONG. */
int directory_path(const struct directory *directory, char *ret_path, size_t capacity);

/* Opens it (O_PATH) at the destination; unless `follow`, through no symlink. -errno of openat2(2).
 */
int directory_open_target(const struct directory *directory, bool follow);

/* The longest path below a root: the kernel has no limit here, a datagram has. */
#define DIRECTORY_PATH_BYTES 32768

#endif
