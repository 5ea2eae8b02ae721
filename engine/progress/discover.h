/* SPDX-License-Identifier: MIT */
/*
 * Where the regions of a user's jobs are: as <job>.progress in /dev/shm/haul-<uid>/, or where that
 * can't be had, in $XDG_RUNTIME_DIR/haul/. Part of libhaul, as layout.h is.
 */
#ifndef ENGINE_PROGRESS_DISCOVER_H
#define ENGINE_PROGRESS_DISCOVER_H

#include <stdbool.h>
#include <stddef.h>

#include "haul/progress.h"

#define HAUL_DIRECTORIES 2
#define HAUL_FILE_BYTES  80 /* room for a job's file name, its NUL included */
#define HAUL_FILE_SUFFIX ".progress"

/* Letters, digits, '.', '_' and '-', not beginning with a dot, shorter than HAUL_JOB_BYTES. */
bool haul_job_name_valid(const char *job);

/* Writes the file name of a valid job name. */
void haul_job_file(const char *job, char ret_file[HAUL_FILE_BYTES]);

/* The job that a file name belongs to. False: it is no region's. */
bool haul_job_from_file(const char *file, char ret_job[HAUL_JOB_BYTES]);

/* The path of one of the HAUL_DIRECTORIES, best first. -ENOENT: it has none on this machine;
 * -ENAMETOOLONG. */
int haul_directory_path(unsigned index, char *ret_path, size_t path_bytes);

/* Opens a directory of regions, made with mode 0700 if `create`. -EPERM when it isn't this user's,
 * or when others may enter it; -ENOTDIR or -ELOOP when it is something else. */
int haul_directory_open(const char *path, bool create);

#endif
