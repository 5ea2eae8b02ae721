/* SPDX-License-Identifier: MIT */
/*
 * Questions to whoever started the job: each holds an item that is queued if the answer is yes.
 * They are asked one at a time while the workers go on with everything else.
 */
#ifndef ENGINE_JOB_QUESTION_H
#define ENGINE_JOB_QUESTION_H

#include <stdbool.h>
#include <stddef.h>

struct item;
struct job;

struct question {
	struct question *next;
	char *text;
	struct item *item;
};

struct questions {
	struct question *first;
	struct question *last;
	bool asked;    /* the first stands on the terminal */
	bool ended;    /* there are no more answers: all are no */
	char line[16]; /* the beginning of the answer, as far as it was typed */
	size_t line_bytes;
};

/* Asks, now or later. The item is in no queue; LIST items go to the lists, others to the work.
 * Takes over the item. -ENOMEM. */
int question_add(struct job *job, struct item *item, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Reads what was typed. */
void question_read(struct job *job);
bool question_pending(const struct job *job);
/* Drops what was not answered. */
void questions_discard(struct job *job);
/* Asks one question and waits for the answer. */
bool question_ask_now(struct job *job, const char *text);

#endif
