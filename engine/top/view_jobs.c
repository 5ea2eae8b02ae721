/* SPDX-License-Identifier: MIT */
#include "top/view_rows.h"

#include <stdio.h>
#include <string.h>

#include "util/human.h"

#define NAME_COLUMNS_MAX 20u
#define NAME_COLUMNS_MIN 6u
#define BAR_COLUMNS_MIN  10u
#define DETAIL_COLUMN    4u
#define CURRENT_SHOWN    3u

static const char *state_word(const struct top_job *job)
{
	enum haul_state state = event_state_after(job->state);

	return state == HAUL_STATE_RUNNING ? "" : event_state_word(state);
}

/* As wide as the longest name that is there, so that the bars begin at one column. */
static unsigned name_columns(const struct view *view)
{
	unsigned most = view->style.columns / 4, widest = NAME_COLUMNS_MIN;

	if (most > NAME_COLUMNS_MAX)
		most = NAME_COLUMNS_MAX;
	for (unsigned at = 0; at < view->jobs->count; at++) {
		unsigned columns = cells_count(view->jobs->row[at]->name);

		widest = columns > widest ? columns : widest;
	}
	return widest < most ? widest : most;
}

static bool has_failed(const struct top_job *job)
{
	return job->state == EVENT_JOB_FAILED || job->progress.totals.counter[HAUL_FILES_FAILED];
}

static void put_bar(struct view_line *line, const struct top_job *job)
{
	struct bar_style style = line->view->style;
	char text[BAR_BYTES];

	style.columns = view_line_left(line);
	style.layers = true;
	if (style.columns < BAR_COLUMNS_MIN)
		return;
	bar_render(&job->progress, &style, text);
	cells_put_control(&line->cells, text);
}

/* The summary of a job that ended, behind how it ended. */
static void put_end(struct view_line *line, const struct top_job *job)
{
	char summary[BAR_BYTES];

	view_line_look(line, has_failed(job) ? LOOK_BAD : LOOK_FAINT);
	view_line_put(line, state_word(job));
	view_line_look(line, LOOK_PLAIN);
	view_line_put(line, "  ");
	if (job->message.bytes) {
		view_line_put_start(line, job->message.data, job->message.bytes);
		return;
	}
	bar_summary(&job->progress, summary);
	view_line_put(line, summary);
}

static void add_job(
	const struct view *view, const struct top_job *job, bool selected, struct sheet *sheet)
{
	unsigned columns = name_columns(view);
	struct view_line line;

	view_line_open(&line, view);
	view_line_look(&line, selected ? LOOK_STRONG : LOOK_PLAIN);
	view_line_put(&line, selected ? "> " : "  ");
	cells_put_start(&line.cells, job->name, strlen(job->name),
		columns < view_line_left(&line) ? columns : view_line_left(&line));
	view_line_look(&line, LOOK_PLAIN);
	view_line_tab(&line, 2 + columns + 2);
	if (job->ended)
		put_end(&line, job);
	else
		put_bar(&line, job);
	view_line_add(&line, sheet);
}

/* ---- what is told of one job in full ---- */

static void begin_detail(struct view_line *line, const struct view *view)
{
	view_line_open(line, view);
	view_line_tab(line, DETAIL_COLUMN);
}

static void add_command(const struct view *view, const struct top_job *job, struct sheet *sheet)
{
	struct view_line line;

	begin_detail(&line, view);
	view_line_look(&line, LOOK_FAINT);
	view_line_put_end(&line, job->command.data, job->command.bytes);
	view_line_add(&line, sheet);
}

static void add_counts(const struct view *view, const struct top_job *job, struct sheet *sheet)
{
	const uint64_t *count = job->progress.totals.counter;
	const char *more = job->progress.totals.planning_done ? "" : "+";
	char read[HUMAN_BYTES], accepted[HUMAN_BYTES], durable[HUMAN_BYTES];
	char done[HUMAN_BYTES], planned[HUMAN_BYTES], text[8 * HUMAN_BYTES];
	struct view_line line;
	size_t used = 0;

	if (count[HAUL_BYTES_PLANNED])
		used = (size_t)snprintf(text, sizeof(text), "%s read, %s accepted, %s durable, ",
			human_size(count[HAUL_BYTES_READ], read),
			human_size(count[HAUL_BYTES_ACCEPTED], accepted),
			human_size(count[HAUL_BYTES_DURABLE], durable));
	else if (count[HAUL_BYTES_READ])
		used = (size_t)snprintf(text, sizeof(text), "%s received, ",
			human_size(count[HAUL_BYTES_READ], read));
	used += (size_t)snprintf(text + used, sizeof(text) - used, "%s of %s%s files",
		human_count(count[HAUL_FILES_DONE], done),
		human_count(count[HAUL_FILES_PLANNED], planned), more);
	if (count[HAUL_FILES_SKIPPED])
		snprintf(text + used, sizeof(text) - used, ", %s skipped",
			human_count(count[HAUL_FILES_SKIPPED], done));
	begin_detail(&line, view);
	view_line_put(&line, text);
	view_line_add(&line, sheet);
}

static void add_current(const struct view *view, const struct top_job *job, struct sheet *sheet)
{
	for (unsigned at = 0; at < job->progress.current_count && at < CURRENT_SHOWN; at++) {
		const struct event_text *current = &job->progress.current[at];
		struct view_line line;

		begin_detail(&line, view);
		view_line_put_end(&line, current->data, current->bytes);
		view_line_add(&line, sheet);
	}
}

static void add_failures(const struct view *view, const struct top_job *job, struct sheet *sheet)
{
	for (unsigned at = 0; at < job->failure_count; at++) {
		struct view_line line;

		begin_detail(&line, view);
		view_line_look(&line, LOOK_BAD);
		view_line_put(&line, "failed: ");
		view_line_put_end(&line, job->failure[at].data, job->failure[at].bytes);
		view_line_add(&line, sheet);
	}
}

void view_jobs(const struct view *view, struct sheet *sheet, unsigned *ret_first, unsigned *ret_end)
{
	*ret_first = *ret_end = sheet->count;
	for (unsigned at = 0; at < view->jobs->count; at++) {
		const struct top_job *job = view->jobs->row[at];
		bool selected = strcmp(job->name, view->selected) == 0;
		unsigned first = sheet->count;

		add_job(view, job, selected, sheet);
		if (selected || !view->rows) {
			add_command(view, job, sheet);
			if (!job->ended)
				add_counts(view, job, sheet);
			add_current(view, job, sheet);
			add_failures(view, job, sheet);
		}
		if (selected) {
			*ret_first = first;
			*ret_end = sheet->count;
		}
	}
}
