/* SPDX-License-Identifier: MIT */
/*
 * Questions to whoever started the job: each holds an item that is queued if the answer is yes.
 * They are asked one at a time while the workers go on with everything else. Once somebody agreed
 * to a directory, all that is in it is asked about before anything beside it, as by GNU's rm.
 */
#ifndef ENGINE_JOB_QUESTION_H
#define ENGINE_JOB_QUESTION_H

#include <stdbool.h>
#include <stddef.h>

struct directory;
struct item;
struct job;

struct question {
	struct question *next;
	char *text;
	struct item *item; /* NULL: the plan waits for the answer */
};

struct questions {
	struct question *first;
	const struct directory
		*within; /* agreed to and not finished: nothing else is asked about */
	bool asked;      /* the first stands on the terminal */
	bool ended;      /* there are no more answers: all are no */
	char line[16];   /* the beginning of the answer, as far as it was typed */
	size_t line_bytes;
};

/* Asks, now or later. The item is in no queue; LIST items go to the lists, others to the work; NULL
 * is the plan's own question. Takes over the item. -ENOMEM. */
int question_add(struct job *job, struct item *item, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* A directory of a removal is about to be freed. */
void question_leave(struct job *job, const struct directory *directory);
/* Reads what was typed, when one was asked. */
void question_read(struct job *job);
bool question_pending(const struct job *job);
/* Does one stand on the terminal? */
bool question_asked(const struct job *job);
/* Drops what was not answered. */
void questions_discard(struct job *job);
/* Asks one question and waits for the answer. */
bool question_ask_now(struct job *job, const char *text);

#endif
