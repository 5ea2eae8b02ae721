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

/* Is it about something in the directory that is being asked about, or does that not matter? */
static bool is_within(const struct questions *questions, const struct question *question)
{
	const struct directory *at = question->item ? question->item->directory : NULL;

	while (at && at != questions->within)
		at = at->parent;
	return at == questions->within || !questions->within;
}

static void ask_first(struct job *job)
{
	struct questions *questions = &job->questions;

	if (!questions->first || questions->asked || !is_within(questions, questions->first))
		return;
	telling_catch_up(&job->tellings);
	print_question(job, questions->first->text);
	questions->asked = true;
	questions->line_bytes = 0;
}

static struct question *take_first(struct questions *questions)
{
	struct question *question = questions->first;

	questions->first = question->next;
	questions->asked = false;
	return question;
}

static void question_free(struct question *question)
{
	free(question->text);
	free(question);
}

/* Before what lies beside the directory that is being asked about, but never before a question that
 * stands on the terminal. */
static void insert(struct questions *questions, struct question *question)
{
	struct question **at = &questions->first;
	bool within = is_within(questions, question);

	if (*at && questions->asked)
		at = &(*at)->next;
	while (*at && (!within || is_within(questions, *at)))
		at = &(*at)->next;
	question->next = *at;
	*at = question;
}

void question_leave(struct job *job, const struct directory *directory)
{
	if (job->questions.within != directory)
		return;
	job->questions.within =
		directory->parent && directory->parent->parent ? directory->parent : NULL;
	ask_first(job);
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
	insert(questions, question);
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
	telling_release(&job->tellings, item->telling);
	item_free(item);
	settle_directory(job, directory);
}

static void enter(struct job *job, struct item *item)
{
	job->questions.within = item->directory;
	queue_push_front(&job->lists, item);
}

static void answer(struct job *job, bool yes)
{
	struct question *question = take_first(&job->questions);
	struct item *item = question->item;

	question_free(question);
	if (!item)
		plan_answered(job, yes);
	else if (!yes)
		refuse(job, item);
	else if (item->type == WIRE_LIST)
		enter(job, item);
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

bool question_asked(const struct job *job)
{
	return job->questions.asked;
}

void questions_discard(struct job *job)
{
	while (job->questions.first) {
		struct question *question = take_first(&job->questions);

		if (question->item) {
			struct directory *directory = question->item->directory;

			item_free(question->item);
			directory_release(directory);
		}
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
