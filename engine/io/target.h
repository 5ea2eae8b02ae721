/* SPDX-License-Identifier: MIT */
/*
 * A regular file at the destination: made without its name, so that it appears whole or not at
 * all, or opened where it exists already.
 */
#ifndef ENGINE_IO_TARGET_H
#define ENGINE_IO_TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "io/filesystem.h"

#define TARGET_NONE            (-1)
#define TARGET_TEMPORARY_BYTES 16

enum target_kind {
	TARGET_UNNAMED,   /* O_TMPFILE */
	TARGET_TEMPORARY, /* under another name, where there is no O_TMPFILE */
	TARGET_IN_PLACE,  /* an existing file, which keeps its inode */
};

struct target {
	int directory_fd; /* these three are the caller's and stay valid */
	const char *name;
	struct filesystem *filesystem;
	uint64_t salt; /* of temporary names */
	int fd;        /* TARGET_NONE: nothing is open */
	enum target_kind kind;
	char temporary[TARGET_TEMPORARY_BYTES];
};

/* How an existing one is opened. */
struct target_manner {
	bool follow;       /* a symlink under the name leads to it */
	bool keep_content; /* it is not emptied */
	bool special;      /* FIFOs and devices as well; opening them may take its time */
	bool create;       /* with `follow`: what the symlink leads to is made if it isn't there */
	mode_t create_mode;
};

enum target_found {
	TARGET_OPENED,    /* empty, to be written to in place */
	TARGET_ABSENT,    /* nothing has the name */
	TARGET_DIRECTORY, /* a directory is in the way */
	TARGET_SAME,      /* it is the source itself, or a symlink to it */
	TARGET_OTHER,     /* a symlink, FIFO or device, which may not be written through */
};

/* Makes a file that isn't there yet under its name. `mode` is its final mode if the file has no
 * name meanwhile, otherwise it is for its owner only; *ret_mode says what it got. */
int target_create(struct target *target, mode_t mode, mode_t *ret_mode);

/* Makes it under its name at once, for its owner only. -EEXIST. */
int target_create_named(struct target *target, mode_t *ret_mode);

/* Gives it its name. -EEXIST: that is taken, and the target is as before. Does nothing in place. */
int target_publish(struct target *target);

/* The same in place of whatever has that name, other than a directory, without a moment in between.
 */
int target_publish_over(struct target *target);

/* What close(2) would say about writes that were delayed, while the file can still be given up:
 * network filesystems and FUSE tell it whenever a descriptor is closed. 0 or -errno. */
int target_flush(int fd);

/* Closes it, as the last step: errors of delayed writes may show up here. */
int target_close(struct target *target);

/* Closes and removes an unfinished file; what was opened in place stays, incomplete. */
void target_abandon(struct target *target);

/* Opens what exists under the name for writing if it is what `manner` allows, and not the source.
 * Returns an enum target_found, or -errno. */
int target_open_existing(struct target *target, struct target_manner manner,
	const struct stat *source, struct stat *ret_status);

/* What is under the name, without opening it: an enum target_found, TARGET_OPENED standing for a
 * regular file. */
int target_look(
	int directory_fd, const char *name, const struct stat *source, struct stat *ret_status);

/* Renames without replacing, as well as the filesystem can. -EEXIST. */
int target_rename_exclusive(
	struct filesystem *filesystem, int directory_fd, const char *from, const char *to);

/* The name of what will be `name` when it is finished, in ret_name[TARGET_TEMPORARY_BYTES]. The
 * salt is a random number, so that nobody else uses it; one that doesn't change from try to try
 * makes a name that what an earlier one left is found by. `attempt` is 0 unless that is taken. */
void target_temporary_name(uint64_t salt, const char *name, unsigned attempt, char *ret_name);

/* Removes what an earlier try may have left unfinished of `name`. */
void target_clear_temporary(int directory_fd, uint64_t salt, const char *name);

#endif
