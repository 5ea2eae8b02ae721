/* SPDX-License-Identifier: MIT */
#include "publisher/terminal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "publisher/bar.h"
#include "publisher/tty.h"
#include "util/cells.h"

struct terminal {
	struct sink sink;
	struct tty tty;
	enum terminal_when when;
	uint64_t drawn_ns;
	unsigned drawn_columns; /* of the line that is there now, on a dumb terminal */
	bool shown;             /* something was drawn: there is an end to tell */
	char summary[BAR_BYTES];
};

/* A frame that the terminal doesn't take now is dropped: the next one is better. */
static void put_frame(struct terminal *terminal, const char *text)
{
	if (!outbox_bytes(&terminal->tty.outbox))
		outbox_put(&terminal->tty.outbox, text, strlen(text), BAR_BYTES * 2);
}

/* Covers what is left of a longer line, without a control sequence. */
static int padding(struct terminal *terminal, const char *line)
{
	unsigned before = terminal->drawn_columns;
	unsigned columns = cells_count(line);

	terminal->drawn_columns = columns;
	return before > columns ? (int)(before - columns) : 0;
}

/* `end` is "" while the line will be drawn again, "\n" for the last one. */
static void draw(struct terminal *terminal, const char *line, const char *end)
{
	char text[BAR_BYTES * 2];

	if (!terminal->tty.kind.is_terminal)
		snprintf(text, sizeof(text), "%s\n", line);
	else if (terminal->tty.kind.dumb)
		snprintf(text, sizeof(text), "\r%s%*s%s", line, padding(terminal, line), "", end);
	else
		snprintf(text, sizeof(text), "\r%s\033[K%s", line, end);
	put_frame(terminal, text);
	terminal->shown = true;
}

static bool is_due(const struct terminal *terminal, const struct sink_event *event)
{
	uint64_t pause_ns = terminal->tty.kind.is_terminal ? TTY_DRAW_NS : TTY_LINE_NS;

	if (terminal->when == TERMINAL_AUTO && event->event->progress.elapsed_s < TTY_INSTANT_S)
		return false;
	return event->event->time_ns - terminal->drawn_ns >= pause_ns &&
	       !tty_is_background(&terminal->tty);
}

static void take_progress(struct terminal *terminal, const struct sink_event *event)
{
	const struct event_progress *progress = &event->event->progress;
	char line[BAR_BYTES];

	if (progress->totals.state >= HAUL_STATE_DONE) {
		bar_summary(progress, terminal->summary);
		if (terminal->when == TERMINAL_ALWAYS || progress->elapsed_s >= TTY_INSTANT_S)
			terminal->shown = true;
		return;
	}
	if (!is_due(terminal, event))
		return;
	terminal->drawn_ns = event->event->time_ns;
	/* One column stays free: a full line would make some terminals wrap. */
	terminal->tty.style.columns = tty_size(&terminal->tty).columns - 1;
	bar_render(progress, &terminal->tty.style, line);
	draw(terminal, line, "");
}

static void take_end(struct terminal *terminal)
{
	if (!terminal->shown)
		return;
	outbox_close(&terminal->tty.outbox); /* a frame that still waits is out of date */
	draw(terminal, terminal->summary, "\n");
}

static void terminal_take(struct sink *sink, const struct sink_event *event)
{
	struct terminal *terminal = (struct terminal *)sink;

	if (event->event->type == EVENT_PROGRESS)
		take_progress(terminal, event);
	else if (event_is_last(event->event))
		take_end(terminal);
}

static int terminal_advance(struct sink *sink, uint64_t now_ns)
{
	struct terminal *terminal = (struct terminal *)sink;

	(void)now_ns;
	return outbox_send(&terminal->tty.outbox, terminal->tty.fd);
}

static int terminal_fd(struct sink *sink, short *ret_events)
{
	struct terminal *terminal = (struct terminal *)sink;

	*ret_events = POLLOUT;
	return outbox_bytes(&terminal->tty.outbox) ? terminal->tty.fd : -1;
}

static bool terminal_busy(struct sink *sink)
{
	return outbox_bytes(&((struct terminal *)sink)->tty.outbox) > 0;
}

static void terminal_close(struct sink *sink)
{
	tty_close(&((struct terminal *)sink)->tty);
	free(sink);
}

static const struct sink_ops terminal_ops = {
	.name = "terminal",
	.take = terminal_take,
	.advance = terminal_advance,
	.fd = terminal_fd,
	.busy = terminal_busy,
	.close = terminal_close,
};

int terminal_open(int fd, enum terminal_when when, struct sink **ret_sink)
{
	struct terminal *terminal = calloc(1, sizeof(*terminal));
	int error = terminal ? tty_open(fd, &terminal->tty) : -ENOMEM;

	if (error) {
		free(terminal);
		return error;
	}
	terminal->sink.ops = &terminal_ops;
	terminal->when = when;
	*ret_sink = &terminal->sink;
	return 0;
}
