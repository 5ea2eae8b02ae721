/* SPDX-License-Identifier: MIT */
/* What the command line names, and how far it is begun. */
#ifndef ENGINE_JOB_PLAN_H
#define ENGINE_JOB_PLAN_H

#include <stdbool.h>
#include <sys/stat.h>

#include "job/claim.h"
#include "util/quote.h"

struct plan {
	unsigned next;       /* of the sources */
	int target_fd;       /* the directory that sources go into, or AT_FDCWD */
	bool into_directory; /* else `target` is the one source's new name */
	char *target;
	struct claims claims;
};

/* One source on its way. */
struct source {
	const char *path;
	struct stat status;
	bool follow;
	char *target_name; /* relative to the plan's target_fd */
	char *target;      /* as the user would name it */
	char quoted[QUOTE_BYTES];
	char target_quoted[QUOTE_BYTES];
};

struct job;

/* Do the patterns let in what is named on the command line? */
bool plan_selects(const struct job *job, const char *path, mode_t mode);

#endif
