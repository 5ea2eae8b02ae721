/* SPDX-License-Identifier: MIT */
/* Names for what is kept of an overwritten file. */
#ifndef ENGINE_UTIL_BACKUP_H
#define ENGINE_UTIL_BACKUP_H

#include <limits.h>

/* Whether there are backups, and how they are named. */
enum job_backup {
	BACKUP_NONE = 0,
	BACKUP_SIMPLE,   /* name and suffix */
	BACKUP_EXISTING, /* numbered if there are numbered ones, else simple */
	BACKUP_NUMBERED, /* name.~N~ */
};

#define BACKUP_SUFFIX_BYTES 256
#define BACKUP_NAME_BYTES   (NAME_MAX + 1)

/* The name that a backup of `name` in this directory gets, into ret_name of BACKUP_NAME_BYTES. 0,
 * -ENAMETOOLONG, or -errno of looking for numbered ones. */
int backup_name(int directory_fd, const char *name, enum job_backup backup, const char *suffix,
	char *ret_name);

#endif
