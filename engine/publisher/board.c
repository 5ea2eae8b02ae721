/* SPDX-License-Identifier: MIT */
#include "publisher/board.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW_NS     UINT64_C(100000000)
#define WINDOW_EVENTS 10

static void row_close(struct board_row *row)
{
	free(row->start.data);
	free(row->job_event.data);
	free(row->progress.data);
	free(row);
}

void board_close(struct board *board)
{
	for (unsigned at = 0; at < board->count; at++)
		row_close(board->row[at]);
	board->count = 0;
}

bool board_text_set(struct board_text *text, const char *data, size_t bytes)
{
	if (bytes > text->capacity) {
		char *larger = realloc(text->data, bytes);

		if (!larger)
			return false;
		text->data = larger;
		text->capacity = bytes;
	}
	memcpy(text->data, data, bytes);
	text->bytes = bytes;
	return true;
}

static struct board_row *find(const struct board *board, const char *job)
{
	for (unsigned at = 0; at < board->count; at++)
		if (strcmp(board->row[at]->job, job) == 0)
			return board->row[at];
	return NULL;
}

static void make_room(struct board *board)
{
	unsigned oldest = BOARD_MAX;

	for (unsigned at = 0; at < board->count; at++)
		if (board->row[at]->ended &&
			(oldest == BOARD_MAX || board->row[at]->age < board->row[oldest]->age))
			oldest = at;
	if (oldest == BOARD_MAX)
		return;
	row_close(board->row[oldest]);
	board->row[oldest] = board->row[--board->count];
}

static struct board_row *row_add(struct board *board, const char *job)
{
	struct board_row *row;

	if (board->count == BOARD_MAX)
		make_room(board);
	row = board->count < BOARD_MAX ? calloc(1, sizeof(*row)) : NULL;
	if (!row)
		return NULL;
	snprintf(row->job, sizeof(row->job), "%s", job);
	row->state = event_state_word(HAUL_STATE_RUNNING);
	board->row[board->count++] = row;
	return row;
}

static bool keep_job(struct board *board, struct board_row *row, const struct sink_event *event)
{
	const struct event_job *job = &event->event->job_state;

	if (job->state == EVENT_JOB_STARTED) {
		row->progress.bytes = 0;
		row->progress_due = false;
		if (!board_text_set(&row->start, event->json, event->json_bytes))
			return false;
	}
	row->state = event_state_word(event_state_after(job->state));
	row->ended = event_is_last(event->event);
	row->age = ++board->age;
	row->job_seq = event->event->seq;
	return board_text_set(&row->job_event, event->json, event->json_bytes);
}

static bool keep_progress(struct board_row *row, const struct sink_event *event)
{
	row->progress_seq = event->event->seq;
	row->progress_due = board_text_set(&row->progress, event->json, event->json_bytes);
	return row->progress_due;
}

struct board_row *board_take(struct board *board, const struct sink_event *event)
{
	struct board_row *row = find(board, event->event->job);
	bool kept = true;

	if (!row)
		row = row_add(board, event->event->job);
	if (!row)
		return NULL;
	if (event->event->type == EVENT_JOB)
		kept = keep_job(board, row, event);
	else if (event->event->type == EVENT_PROGRESS)
		kept = keep_progress(row, event);
	row->seq = event->event->seq;
	return kept ? row : NULL;
}

bool board_admits(struct board_row *row, const struct event *event)
{
	if (event->time_ns - row->window_ns >= WINDOW_NS) {
		row->window_ns = event->time_ns;
		row->window_used = 0;
	}
	if (row->window_used == WINDOW_EVENTS)
		return false;
	row->window_used++;
	return true;
}
