/* SPDX-License-Identifier: MIT */
/*
 * A job file: one command a line, in words as a shell has them, but without a shell. Blanks part
 * words, '…' and "…" and a backslash quote, a # at the beginning of a word starts a comment, and a
 * backslash at the end of a line joins the next one to it. A line that only says `wait` is a
 * barrier. What a shell would expand or act upon and nobody quoted is refused, rather than taken as
 * a name that nobody meant.
 */
#ifndef ENGINE_RUN_JOBFILE_H
#define ENGINE_RUN_JOBFILE_H

#include <stddef.h>

#define JOBFILE_BYTES_MAX (16u << 20)

struct jobfile_line {
	unsigned number; /* of the line in the file, from 1; of its first one if it has several */
	unsigned stage;  /* how many barriers stand above it */
	unsigned word_count;
	char **word; /* ended by NULL */
};

struct jobfile {
	struct jobfile_line *line;
	size_t count;
	char *text; /* what the words point into */
};

struct jobfile_error {
	unsigned number;     /* of the line */
	const char *message; /* a phrase */
	char what[8];        /* the character it is about; "" : none */
};

/* Calls `wrong`, if given, for everything that is wrong, and returns -EINVAL then, with nothing to
 * free; or -ENOMEM. `text` is not kept. */
int jobfile_parse(const char *text, size_t bytes,
	void (*wrong)(void *context, const struct jobfile_error *error), void *context,
	struct jobfile *ret_file);
void jobfile_free(struct jobfile *file);

#endif
