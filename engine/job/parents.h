/* SPDX-License-Identifier: MIT */
/*
 * --parents: the directories that a source is named by are made below the target, and get their
 * metadata when all below them is done. Each is a root of its own; neighbouring sources share them.
 */
#ifndef ENGINE_JOB_PARENTS_H
#define ENGINE_JOB_PARENTS_H

#include <stdbool.h>

struct directory;
struct job;

/* Zeroed: none. */
struct parents {
	char *path;  /* of the source's directory, "" for the working directory; NULL: closed */
	char *label; /* of the target's, as the user would name it */
	int target_fd;
	struct directory *innermost; /* NULL: there is none to be made */
};

/* Makes and opens those of a source, or says why not. */
bool parents_open(struct job *job, struct parents *parents, const char *source);
/* They are finished when what is begun below them is. */
void parents_close(struct job *job, struct parents *parents);

#endif
