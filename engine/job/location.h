/* SPDX-License-Identifier: MIT */
/*
 * Where the arguments of a job lie: on which filesystem, and where on that. So they can be named
 * again when the filesystem has come back under another mount point.
 */
#ifndef ENGINE_JOB_LOCATION_H
#define ENGINE_JOB_LOCATION_H

#include "job/volume.h"

struct location {
	unsigned volume;      /* in the table; LOCATION_NOWHERE: on none that is followed */
	const char *argument; /* as it was given */
	char *inside;         /* the path from the filesystem's own root: "/photos/a"; or NULL */
	char *absolute;       /* as it was at the beginning; NULL: unknown */
};

#define LOCATION_NOWHERE (~0u)

struct location_table {
	struct location *location; /* the sources in their order, then the destination */
	unsigned count;
	struct location working; /* the working directory */
};

struct job_request;

/* Finds the locations of all arguments, and adds their filesystems to `volumes`. -ENOMEM, or -errno
 * of reading the mount table; what can't be found is nowhere. */
int location_table_fill(struct location_table *table, const struct job_request *request,
	struct volume_table *volumes);
void location_table_free(struct location_table *table);

/* What to call the argument now, so that it names the same thing from the working directory where
 * that is now. `mounted` tells by a volume's number where it has come back, NULL: it was not away.
 * The caller frees it. NULL: without memory, or the mount doesn't show that part of the
 * filesystem. */
char *location_name(const struct location_table *table, const struct location *location,
	const struct mount_info *const *mounted);
/* The working directory's path now. */
char *location_working(const struct location_table *table, const struct mount_info *const *mounted);

#endif
