/* SPDX-License-Identifier: MIT */
/* What the command line names, and how far it is begun. */
#ifndef ENGINE_JOB_PLAN_H
#define ENGINE_JOB_PLAN_H

#include <stdbool.h>
#include <sys/stat.h>

#include "job/claim.h"
#include "job/parents.h"
#include "util/quote.h"

/* Dry run: of a directory that would have been made. */
#define PLAN_NO_FD (-1)
/* What somebody said to the question about the next source. */
enum plan_answer {
	PLAN_NOT_ASKED = 0,
	PLAN_ASKED,
	PLAN_AGREED,
	PLAN_REFUSED,
};

struct plan {
	unsigned next;       /* of the sources */
	int target_fd;       /* the directory that sources go into, or AT_FDCWD */
	bool into_directory; /* else `target` is the one source's new name */
	char *target;
	struct claims claims;
	struct parents parents;
	enum plan_answer answer;
};

/* One source on its way. */
struct source {
	const char *path;
	struct stat status;
	bool follow;
	bool decided;                 /* a move: what is in its place may be overwritten */
	int target_fd;                /* of the plan, or its parents', or PLAN_NO_FD */
	const char *target_directory; /* its name, where it is to be a directory; else NULL */
	char *target_name;            /* relative to it */
	char *target;                 /* as the user would name it */
	char quoted[QUOTE_BYTES];
	char target_quoted[QUOTE_BYTES];
};

struct job;
struct wire_entry;

/* ---- plan_source.c ---- */

/* Fills in its status. -errno. */
int source_look(struct source *source, const struct job *job);
/* Fills in where it goes. -ENOMEM. */
int source_name_target(struct source *source, const struct plan *plan);
/* It is gone: has an earlier run of the job moved it, and was stopped before others? */
bool source_was_moved(struct source *source, struct job *job);
/* As an entry of its directory. */
void source_describe(
	const struct source *source, const struct job *job, struct wire_entry *ret_entry);
void source_clear(struct source *source);

/* ---- plan.c ---- */

/* A source as the user named it; to be freed. That a list is about its content was put behind it.
 */
char *plan_source_label(const struct job *job, const char *path);

/* Do the patterns let in what is named on the command line? */
bool plan_selects(const struct job *job, const char *path, mode_t mode);

#endif
