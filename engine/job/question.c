/* SPDX-License-Identifier: MIT */
#include "job/question.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "job/coordinator.h"

static void print_question(const struct job *job, const char *text)
{
	char *line;
	int bytes = asprintf(
		&line, "%s%s: %s", job->bar ? "\r\033[K" : "", job->request->program, text);

	if (bytes < 0)
		return;
	/* A terminal that is gone answers with an end of file. */
	if (write(STDERR_FILENO, line, (size_t)bytes) < 0)
		errno = 0;
	free(line);
}

static void ask_first(struct job *job)
{
	struct questions *questions = &job->questions;

	if (!questions->first || questions->asked)
		return;
	print_question(job, questions->first->text);
	questions->asked = true;
	questions->line_bytes = 0;
}

static struct question *take_first(struct questions *questions)
{
	struct question *question = questions->first;

	questions->first = question->next;
	if (!questions->first)
		questions->last = NULL;
	questions->asked = false;
	return question;
}

static void question_free(struct question *question)
{
	free(question->text);
	free(question);
}

int question_add(struct job *job, struct item *item, const char *format, ...)
{
	struct questions *questions = &job->questions;
	struct question *question = calloc(1, sizeof(*question));
	va_list arguments;
	int bytes = -1;

	va_start(arguments, format);
	if (question)
		bytes = vasprintf(&question->text, format, arguments);
	va_end(arguments);
	if (bytes < 0) {
		free(question);
		return -ENOMEM;
	}
	question->item = item;
	if (questions->last)
		questions->last->next = question;
	else
		questions->first = question;
	questions->last = question;
	if (questions->ended)
		question_read(job);
	else
		ask_first(job);
	return 0;
}

static void refuse(struct job *job, struct item *item)
{
	struct directory *directory = item->directory;

	if (directory->root->phase != ROOT_REMOVING) {
		outcome_refused(job, item);
		return;
	}
	lane_add(&job->lane, HAUL_FILES_SKIPPED, item->entry_count);
	directory->kept = true;
	item_free(item);
	settle_directory(job, directory);
}

static void answer(struct job *job, bool yes)
{
	struct question *question = take_first(&job->questions);
	struct item *item = question->item;

	question_free(question);
	if (!yes)
		refuse(job, item);
	else if (item->type == WIRE_LIST)
		queue_push_front(&job->lists, item);
	else
		queue_push_front(&job->work, item);
}

static bool is_yes(const struct questions *questions)
{
	return questions->line_bytes && (questions->line[0] == 'y' || questions->line[0] == 'Y');
}

static void take_byte(struct job *job, char byte)
{
	struct questions *questions = &job->questions;

	if (byte != '\n') {
		if (questions->line_bytes < sizeof(questions->line))
			questions->line[questions->line_bytes++] = byte;
		return;
	}
	/* What was typed before it was asked for is no answer to it. */
	if (questions->asked)
		answer(job, is_yes(questions));
	questions->line_bytes = 0;
	ask_first(job);
}

static void end_answers(struct job *job)
{
	job->questions.ended = true;
	while (job->questions.first)
		answer(job, false);
}

/* A byte at a time: what follows the answer may be meant for somebody else. */
void question_read(struct job *job)
{
	char byte = '\0';
	ssize_t got = 1;

	if (!job->questions.ended)
		got = read(STDIN_FILENO, &byte, 1);
	if (job->questions.ended || got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
		end_answers(job);
	else if (got == 1)
		take_byte(job, byte);
}

bool question_pending(const struct job *job)
{
	return job->questions.first != NULL;
}

void questions_discard(struct job *job)
{
	while (job->questions.first) {
		struct question *question = take_first(&job->questions);
		struct directory *directory = question->item->directory;

		item_free(question->item);
		directory_release(directory);
		question_free(question);
	}
}

bool question_ask_now(struct job *job, const char *text)
{
	char byte, first = '\0';
	bool any = false;

	print_question(job, text);
	while (read(STDIN_FILENO, &byte, 1) == 1 && byte != '\n') {
		if (!any)
			first = byte;
		any = true;
	}
	return first == 'y' || first == 'Y';
}
