/* SPDX-License-Identifier: MIT */
/*
 * What was learnt about each filesystem while working on it, so that a call that it refused once
 * isn't tried for every file. Only a saving: each caller deals with a refusal all the same.
 */
#ifndef ENGINE_IO_FILESYSTEM_H
#define ENGINE_IO_FILESYSTEM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct filesystem {
	struct filesystem *next;
	dev_t device;
	uint64_t type;            /* as statfs(2) tells it */
	bool in_memory;           /* reading never waits for a device */
	bool lasting_inodes;      /* a file's inode number is its own as long as it exists */
	bool no_cached_read;      /* refuses RWF_NOWAIT */
	bool no_ring;             /* what a ring reads of it may be wrong: see filesystem.c */
	bool no_unnamed_file;     /* refuses O_TMPFILE */
	bool no_link_by_fd;       /* refuses linkat with AT_EMPTY_PATH, in this process */
	bool no_exclusive_rename; /* refuses RENAME_NOREPLACE */
	bool no_reflink;          /* refuses FICLONE from the device below */
	dev_t no_reflink_from;
	bool no_inode_flags; /* knows none */
	bool xattr_lost;     /* attributes could not be held here, and that was said */
	bool flags_lost;     /* the same of inode flags and project ids */
};

/* As many as there are devices; they stay until the table goes, so pointers hold. */
struct filesystem_table {
	struct filesystem *first;
};

/* The filesystem that an open file is on. -ENOMEM, or -errno of fstat(2) or fstatfs(2). */
int filesystem_find(struct filesystem_table *table, int fd, struct filesystem **ret_filesystem);
void filesystem_table_free(struct filesystem_table *table);

#endif
