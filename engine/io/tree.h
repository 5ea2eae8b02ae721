/* SPDX-License-Identifier: MIT */
/*
 * Directories below the roots of a job. A path is resolved under the root's descriptor, never
 * leaves it and follows no symlink, whatever happens to the tree meanwhile. What was opened stays
 * open for a while, because the next items are mostly of the same directories.
 */
#ifndef ENGINE_IO_TREE_H
#define ENGINE_IO_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "io/filesystem.h"

/* Directories that stay open, those in use not counted. */
#define TREE_KEPT_DIRECTORIES 128

enum tree_side {
	TREE_SOURCE,
	TREE_TARGET,
};

enum tree_spelling {
	SPELLINGS_UNKNOWN = 0,
	SPELLINGS_DISTINCT, /* also without their case */
	SPELLINGS_ALIKE,
};

/* What a new file gets in a directory, and what is known of the names in it. */
struct tree_habits {
	bool known;               /* owner and group are */
	uid_t uid;                /* of a file that was made here */
	gid_t gid;                /* the directory's, where it is setgid */
	bool default_acl;         /* valid when known: new files inherit an ACL */
	bool collides;            /* a file had an existing namesake: expect more */
	enum tree_spelling fold;  /* what is known of the names in a target */
	enum tree_spelling alike; /* and of those in a source: whether any differ so little */
};

struct tree_directory {
	struct tree_directory *next; /* most recently used first */
	struct tree_root *root;      /* NULL: its root was taken away */
	enum tree_side side;
	bool unreadable; /* fd is O_PATH: names may be used below it, but not listed */
	int fd;
	unsigned users;
	struct filesystem *filesystem;
	struct tree_habits habits;
	uint32_t hash;
	uint32_t path_bytes;
	char path[];
};

struct tree {
	struct filesystem_table filesystems;
	struct tree_root *first_root;
	struct tree_directory *first;
	unsigned kept;
	unsigned kept_max;  /* at most TREE_KEPT_DIRECTORIES */
	bool follow_source; /* the user asked to follow symlinks in the source */
	bool follow_target; /* the same for directories at the destination */
	bool step_by_step;  /* the kernel has no openat2 */
};

/* Takes over both descriptors, also on failure. `label` is copied. */
int tree_add_root(struct tree *tree, uint32_t id, int source_fd, int target_fd, const char *label,
	size_t label_bytes);
/* From now on nothing is there on the root's target side. */
void tree_set_targetless(struct tree *tree, uint32_t id);
void tree_remove_root(struct tree *tree, uint32_t id);
void tree_close(struct tree *tree);

/* The directory as the user named the root's source; "" for an unknown root. */
const char *tree_label(const struct tree *tree, uint32_t root, size_t *ret_bytes);

/* Opens, or finds, the directory `path` below a root; "" is the root. It stays open until it is
 * given back. -ENOENT also for an unknown root; -ELOOP or -ENOTDIR where a symlink is in the way.
 */
int tree_open(struct tree *tree, uint32_t root, enum tree_side side, const char *path,
	size_t path_bytes, struct tree_directory **ret_directory);
void tree_give_back(struct tree *tree, struct tree_directory *directory); /* NULL is fine */

/* Opens the directory that `path`, not "", is in. *ret_name is the last part of `path`. */
int tree_open_parent(struct tree *tree, uint32_t root, enum tree_side side, const char *path,
	size_t path_bytes, struct tree_directory **ret_directory, const char **ret_name);

#endif
