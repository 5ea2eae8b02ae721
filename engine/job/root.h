/* SPDX-License-Identifier: MIT */
/*
 * A pair of directories, held open, below which items name things. One for each directory that is
 * copied; files that are named on the command line share one for the directories that they are in
 * and go to.
 */
#ifndef ENGINE_JOB_ROOT_H
#define ENGINE_JOB_ROOT_H

#include <stdbool.h>
#include <stdint.h>

#include "job/directory.h"
#include "job/fingerprint.h"

/* In order. A copy or a removal has one phase, unless it is verified; a move to another filesystem
 * has the others, too. */
enum root_phase {
	ROOT_COPYING = 0,
	ROOT_SYNCING,
	ROOT_VERIFYING, /* what was copied, or is listed */
	ROOT_HELD,      /* durable, and waiting for others that may hold names of the same files */
	ROOT_REMOVING,
	ROOT_COMPARING, /* nothing is copied: haul verify */
};

struct audit;
struct item;

struct root {
	struct root *next;
	uint32_t id;
	uint32_t references; /* besides being worked on: hard links that lead into it */
	int source_fd;
	int target_fd;
	char *source_label; /* as the user would name them, "" for the working directory */
	char *target_label;
	char *prefix; /* of paths as patterns see them: the directory's name; NULL: none */
	struct directory *top;
	struct fingerprint fingerprint; /* of both directories; zero: they can't be told again */
	struct directory *outer; /* of another root, which is finished after this one; or NULL */
	uint64_t source_device;
	uint64_t target_device; /* with target_inode: to notice a copy into itself */
	uint64_t target_inode;
	bool *sent;              /* which workers know it, by index */
	char *moved;             /* the source's path, when it is to go after its copy; or NULL */
	struct item *remembered; /* entries that are to go after their copy; in no queue */
	uint64_t failures;       /* what could not be copied or removed */
	uint64_t copy_failures;  /* of a move: those before its sources began to be removed */
	enum root_phase phase;
	struct root *next_waiting; /* of those that wait for a checkpoint */
	bool linked;               /* it holds files with other names, maybe in other roots */
	bool created;              /* the destination directory is new */
	bool absent;               /* dry run: there is none, and target_fd is the source's */
	bool ended;                /* its work is finished */
	bool differs;              /* a difference was found */
	struct audit *audit;       /* what is to be verified, or NULL */
};

struct root_table {
	struct root *first;
	uint32_t next_id;
	uint32_t count; /* without those that ended */
	uint32_t held;  /* of these, in that phase */
	unsigned worker_count;
};

/* Takes over both descriptors, also on failure. The top directory is made, virtual or not. No
 * target_fd (-1): in a dry run, what would have been made. */
int root_add(struct root_table *table, int source_fd, int target_fd, const char *source_label,
	const char *target_label, bool is_virtual, struct root **ret_root);
void root_remove(struct root_table *table, struct root *root);
void root_table_free(struct root_table *table);
/* Its work is finished: it stays only for hard links that may lead into it. */
void root_end(struct root_table *table, struct root *root);
/* A worker that was replaced knows no root. */
void root_table_forget(struct root_table *table, unsigned worker);

/* The directory that is being copied still, to this destination, or NULL. */
const struct root *root_table_of_target(
	const struct root_table *table, uint64_t device, uint64_t inode);

#endif
