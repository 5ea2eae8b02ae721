/* SPDX-License-Identifier: MIT */
/*
 * What is said about sources comes in the order in which the command line names them, although
 * workers are at several of them at once: what is said about a later one is kept until the earlier
 * ones are done. Bounded: when too much is kept it is let go at once.
 */
#ifndef ENGINE_JOB_TELLING_H
#define ENGINE_JOB_TELLING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One piece of output. */
struct told {
	struct told *next;
	int fd;
	size_t bytes;
	char text[];
};

/* Of one source, or of several files in a row. */
struct telling {
	struct telling *next;
	uint32_t references; /* what may still say something */
	struct told *first;
	struct told **end;
};

/* Zeroed: nothing is kept, all is said at once. */
struct tellings {
	struct telling *first;
	struct telling *last;
	struct telling *current; /* what is being said belongs to it; NULL: to none */
	size_t kept_bytes;
	int output_error; /* of the first write to standard output that failed: it was the last */
};

/* Begins the next source's, which becomes the current one, referenced once. NULL when out of
 * memory: then all that would belong to it is said at once. */
struct telling *telling_begin(struct tellings *tellings);
/* Another reference; of NULL nothing. */
struct telling *telling_hold(struct telling *telling);
/* A reference ends. */
void telling_release(struct tellings *tellings, struct telling *telling);

/* Writes the text, now or in its turn. */
void telling_say(struct tellings *tellings, int fd, const char *text, size_t bytes);
/* Lets go of all that is kept. */
void telling_catch_up(struct tellings *tellings);
/* The same, and nothing is begun any more; output_error stays. */
void telling_free_all(struct tellings *tellings);

#endif
