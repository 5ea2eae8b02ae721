/* SPDX-License-Identifier: MIT */
/*
 * 128 bits that stand for one state of one file and for where its copy goes: the identities of
 * both filesystems and directories, the path, and the source's inode, size, time of modification
 * and time of change. Equal fingerprints mean that nothing was done to the source in between: the
 * time of change moves with every write and can't be set. They are salted, so that nobody can make
 * two files with one fingerprint.
 */
#ifndef ENGINE_JOB_FINGERPRINT_H
#define ENGINE_JOB_FINGERPRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/message.h"

struct fingerprint {
	uint64_t low;
	uint64_t high;
};

struct directory;

/* Of a pair of open directories, across reboots and mounts if their filesystems have a UUID.
 * -errno of fstat(2) or fstatfs(2). */
int fingerprint_roots(
	int source_fd, int target_fd, uint64_t salt, struct fingerprint *ret_fingerprint);
/* Of a directory below its root. -ENAMETOOLONG. */
int fingerprint_directory(
	const struct directory *directory, uint64_t salt, struct fingerprint *ret_fingerprint);
/* Of an entry in a directory. `name` is its name at the destination. */
struct fingerprint fingerprint_entry(
	struct fingerprint directory, const struct wire_entry *entry, struct wire_text name);

/* Of a name in a directory and of a run of the job, for a temporary file. */
uint64_t fingerprint_name(struct fingerprint directory, struct wire_text name, uint64_t run);

struct stat;

/* Of a source of a move, by the path that it was named by, and by its inode if it keeps that, or
 * NULL. -ENOMEM. */
int fingerprint_source(const char *path, const struct stat *inode, uint64_t salt,
	struct fingerprint *ret_fingerprint);

/* A set. Zeroed is empty. It takes 24 to 48 bytes for each fingerprint. */
struct fingerprint_set {
	struct fingerprint *slot;
	size_t capacity; /* a power of two */
	size_t count;
};

int fingerprint_set_add(struct fingerprint_set *set, struct fingerprint fingerprint); /* -ENOMEM */
bool fingerprint_set_has(const struct fingerprint_set *set, struct fingerprint fingerprint);
void fingerprint_set_free(struct fingerprint_set *set);

#endif
