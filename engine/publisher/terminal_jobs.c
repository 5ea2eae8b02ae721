/* SPDX-License-Identifier: MIT */
#include "publisher/terminal_jobs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "publisher/roster.h"
#include "publisher/tty.h"

#define CLEAR_BELOW "\r\033[J"

/* A terminal that takes nothing for so long misses the end of jobs. */
#define ENDS_BYTES_MAX (1u << 20)

/* Bars need more than names do. */
#define NAME_COLUMNS_MAX 24

struct row {
	char job[HAUL_JOB_BYTES];
	char *line; /* the bar, or the summary when it has ended; owned, BAR_BYTES */
	uint64_t rendered_ns;
	bool shown;
};

struct terminal_jobs {
	struct sink sink;
	struct tty tty;
	enum terminal_when when;
	struct row row[ROSTER_MAX];
	unsigned count;
	int name_columns; /* of the longest so far */
	bool draws;       /* bars, not lines */
	bool changed;     /* since the last frame */
	uint64_t drawn_ns;
	int error;
};

/* ---- rows ---- */

static struct row *find_row(struct terminal_jobs *jobs, const char *job)
{
	for (unsigned i = 0; i < jobs->count; i++)
		if (strcmp(jobs->row[i].job, job) == 0)
			return &jobs->row[i];
	return NULL;
}

static struct row *add_row(struct terminal_jobs *jobs, const char *job)
{
	struct row *row = &jobs->row[jobs->count];
	char *line = jobs->count < ROSTER_MAX ? calloc(1, BAR_BYTES) : NULL;
	int columns = (int)strlen(job);

	if (!line)
		return NULL;
	*row = (struct row){.line = line};
	snprintf(row->job, sizeof(row->job), "%s", job);
	if (columns > jobs->name_columns)
		jobs->name_columns = columns < NAME_COLUMNS_MAX ? columns : NAME_COLUMNS_MAX;
	jobs->count++;
	return row;
}

static void remove_row(struct terminal_jobs *jobs, struct row *row)
{
	free(row->line);
	memmove(row, row + 1, (size_t)(&jobs->row[--jobs->count] - row) * sizeof(*row));
}

/* ---- what is written ---- */

static void put(struct terminal_jobs *jobs, const char *text)
{
	int error = outbox_put(&jobs->tty.outbox, text, strlen(text), ENDS_BYTES_MAX);

	if (error && error != -ENOSPC)
		jobs->error = error;
}

static void put_line(struct terminal_jobs *jobs, const char *clear, const struct row *row)
{
	char text[BAR_BYTES + 2 * HAUL_JOB_BYTES];

	snprintf(text, sizeof(text), "%s%-*.*s  %s\n", clear, jobs->name_columns, NAME_COLUMNS_MAX,
		row->job, row->line);
	put(jobs, text);
}

/* The bars that fit, one below the other, and back to where they begin. */
static void write_frame(struct terminal_jobs *jobs, FILE *out)
{
	unsigned rows = tty_size(&jobs->tty).rows, drawn = 0;

	fputs(CLEAR_BELOW, out);
	for (unsigned i = 0; i < jobs->count && drawn + 1 < rows; i++) {
		const struct row *row = &jobs->row[i];

		if (!row->shown)
			continue;
		fprintf(out, "%s%-*.*s  %s", drawn ? "\n" : "", jobs->name_columns,
			NAME_COLUMNS_MAX, row->job, row->line);
		drawn++;
	}
	if (drawn > 1)
		fprintf(out, "\033[%uA", drawn - 1);
	fputs("\r", out);
}

/* One that the terminal doesn't take now is dropped: the next one is better. */
static void draw(struct terminal_jobs *jobs, uint64_t now_ns)
{
	char *text = NULL;
	size_t bytes;
	FILE *out;

	if (outbox_bytes(&jobs->tty.outbox) || tty_is_background(&jobs->tty))
		return;
	out = open_memstream(&text, &bytes);
	if (!out) {
		jobs->error = -errno;
		return;
	}
	write_frame(jobs, out);
	if (fclose(out))
		jobs->error = -ENOMEM;
	else
		put(jobs, text);
	free(text);
	jobs->changed = false;
	jobs->drawn_ns = now_ns;
}

/* ---- the sink ---- */

static void render(struct terminal_jobs *jobs, struct row *row, const struct sink_event *event)
{
	unsigned columns = tty_size(&jobs->tty).columns, taken = (unsigned)jobs->name_columns + 3;

	/* One column stays free: a full line would make some terminals wrap. */
	jobs->tty.style.columns = columns > taken ? columns - taken : 1;
	bar_render(&event->event->progress, &jobs->tty.style, row->line);
	row->rendered_ns = event->event->time_ns;
	row->shown = true;
	jobs->changed = true;
	if (!jobs->draws)
		put_line(jobs, "", row);
}

static bool is_due(
	const struct terminal_jobs *jobs, const struct row *row, const struct sink_event *event)
{
	uint64_t pause_ns = jobs->draws ? TTY_DRAW_NS : TTY_LINE_NS;

	if (jobs->when == TERMINAL_AUTO && event->event->progress.elapsed_s < TTY_INSTANT_S)
		return false;
	return event->event->time_ns - row->rendered_ns >= pause_ns;
}

static void take_progress(
	struct terminal_jobs *jobs, struct row *row, const struct sink_event *event)
{
	const struct event_progress *progress = &event->event->progress;

	if (progress->totals.state >= HAUL_STATE_DONE) {
		bar_summary(progress, row->line);
		row->shown |= jobs->when == TERMINAL_ALWAYS || progress->elapsed_s >= TTY_INSTANT_S;
		return;
	}
	if (is_due(jobs, row, event))
		render(jobs, row, event);
}

static void take_end(struct terminal_jobs *jobs, struct row *row)
{
	if (row->shown)
		put_line(jobs, jobs->draws ? CLEAR_BELOW : "", row);
	remove_row(jobs, row);
	jobs->changed = true;
}

static void jobs_take(struct sink *sink, const struct sink_event *event)
{
	struct terminal_jobs *jobs = (struct terminal_jobs *)sink;
	struct row *row = find_row(jobs, event->event->job);

	if (!row)
		row = add_row(jobs, event->event->job);
	if (!row)
		return;
	if (event->event->type == EVENT_PROGRESS)
		take_progress(jobs, row, event);
	else if (event_is_last(event->event))
		take_end(jobs, row);
}

static int jobs_advance(struct sink *sink, uint64_t now_ns)
{
	struct terminal_jobs *jobs = (struct terminal_jobs *)sink;

	if (jobs->draws && jobs->changed && now_ns - jobs->drawn_ns >= TTY_DRAW_NS)
		draw(jobs, now_ns);
	if (!jobs->error)
		jobs->error = outbox_send(&jobs->tty.outbox, jobs->tty.fd);
	return jobs->error;
}

static int jobs_fd(struct sink *sink, short *ret_events)
{
	struct terminal_jobs *jobs = (struct terminal_jobs *)sink;

	*ret_events = POLLOUT;
	return outbox_bytes(&jobs->tty.outbox) ? jobs->tty.fd : -1;
}

static bool jobs_busy(struct sink *sink)
{
	return outbox_bytes(&((struct terminal_jobs *)sink)->tty.outbox) > 0;
}

static void jobs_close(struct sink *sink)
{
	struct terminal_jobs *jobs = (struct terminal_jobs *)sink;

	while (jobs->count)
		free(jobs->row[--jobs->count].line);
	tty_close(&jobs->tty);
	free(jobs);
}

static const struct sink_ops jobs_ops = {
	.name = "terminal",
	.take = jobs_take,
	.advance = jobs_advance,
	.fd = jobs_fd,
	.busy = jobs_busy,
	.close = jobs_close,
};

int terminal_jobs_open(int fd, enum terminal_when when, struct sink **ret_sink)
{
	struct terminal_jobs *jobs = calloc(1, sizeof(*jobs));
	int error = jobs ? tty_open(fd, &jobs->tty) : -ENOMEM;

	if (error) {
		free(jobs);
		return error;
	}
	jobs->sink.ops = &jobs_ops;
	jobs->when = when;
	jobs->draws = jobs->tty.kind.is_terminal && !jobs->tty.kind.dumb;
	*ret_sink = &jobs->sink;
	return 0;
}
