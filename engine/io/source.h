/* SPDX-License-Identifier: MIT */
/*
 * Source files: opened without following a symlink or waiting on a FIFO, read without waiting
 * where the content is cached.
 */
#ifndef ENGINE_IO_SOURCE_H
#define ENGINE_IO_SOURCE_H

#include <linux/openat2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "io/filesystem.h"

/* How files are opened; what a refusal teaches is kept. Zeroed is a good start. */
struct source_manner {
	bool follow;            /* symlinks: the user asked for it */
	bool atime_refused;     /* O_NOATIME is for owners */
	bool no_cached_lookups; /* the kernel has no RESOLVE_CACHED, or no openat2 */
};

/* What to ask openat2 for; also for a ring. */
struct open_how source_how(const struct source_manner *manner, bool cached_only);

/* Opens if that needs no waiting; otherwise -EAGAIN, as also where the kernel can't tell. */
int source_open_cached(
	struct source_manner *manner, int directory_fd, const char *name, int *ret_fd);

/* Opens, and waits if it must. */
int source_open(struct source_manner *manner, int directory_fd, const char *name, int *ret_fd);

/* Opens what is no regular file, to be read: a FIFO waits for its writer. */
int source_open_special(
	const struct source_manner *manner, int directory_fd, const char *name, int *ret_fd);

/* Reads what is there without waiting: the number of bytes, which may be fewer than asked for
 * although the file is longer; -EAGAIN, always so on filesystems that can't tell. */
ssize_t source_read_cached(
	struct filesystem *filesystem, int fd, void *buffer, size_t bytes, uint64_t offset);

/* One read, which may give less than there is: the number of bytes, or -errno. */
ssize_t source_read_some(int fd, void *buffer, size_t bytes, uint64_t offset);

/* Reads until `bytes` are there or the file ends. */
ssize_t source_read(int fd, void *buffer, size_t bytes, uint64_t offset);

/* Same file, same content as far as its times tell. */
bool source_unchanged(const struct stat *before, const struct stat *after);

/* True when its inode was last changed long before `opened_sec` (CLOCK_REALTIME): it did not
 * change after it was opened, so reading its state once is enough. */
bool source_at_rest(const struct stat *status, int64_t opened_sec);

/* Was its inode changed, or put under its name, at `time_ns` (CLOCK_REALTIME) or later? */
bool source_changed_since(const struct stat *status, int64_t time_ns);

#endif
