/* SPDX-License-Identifier: MIT */
#include "publisher/terminal.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "publisher/bar.h"
#include "publisher/outbox.h"
#include "util/cells.h"

#define DRAW_NS         UINT64_C(95000000) /* with an update every 50 ms: ten times a second */
#define LINE_NS         UINT64_C(1000000000)
#define INSTANT_S       0.3 /* what takes no longer needs no bar */
#define COLUMNS_UNKNOWN 80u
#define COLUMNS_MIN     10u

struct terminal {
	struct sink sink;
	struct outbox outbox;
	int fd;
	enum terminal_when when;
	bool is_terminal;
	bool dumb; /* knows no control sequences */
	struct bar_style style;
	locale_t locale;
	uint64_t drawn_ns;
	unsigned drawn_columns; /* of the line that is there now, on a dumb terminal */
	bool shown;             /* something was drawn: there is an end to tell */
	char summary[BAR_BYTES];
};

static unsigned columns_of(const struct terminal *terminal)
{
	struct winsize size;

	if (ioctl(terminal->fd, TIOCGWINSZ, &size) < 0 || !size.ws_col)
		return COLUMNS_UNKNOWN;
	return size.ws_col > COLUMNS_MIN ? size.ws_col : COLUMNS_MIN;
}

/* Writing from the background would disturb whoever has the terminal now, or stop this process. */
static bool is_background(const struct terminal *terminal)
{
	pid_t foreground = tcgetpgrp(terminal->fd);

	return foreground > 0 && foreground != getpgrp();
}

/* A frame that the terminal doesn't take now is dropped: the next one is better. */
static void put_frame(struct terminal *terminal, const char *text)
{
	if (!outbox_bytes(&terminal->outbox))
		outbox_put(&terminal->outbox, text, strlen(text), BAR_BYTES * 2);
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

	if (!terminal->is_terminal)
		snprintf(text, sizeof(text), "%s\n", line);
	else if (terminal->dumb)
		snprintf(text, sizeof(text), "\r%s%*s%s", line, padding(terminal, line), "", end);
	else
		snprintf(text, sizeof(text), "\r%s\033[K%s", line, end);
	put_frame(terminal, text);
	terminal->shown = true;
}

static bool is_due(const struct terminal *terminal, const struct sink_event *event)
{
	uint64_t pause_ns = terminal->is_terminal ? DRAW_NS : LINE_NS;

	if (terminal->when == TERMINAL_AUTO && event->event->progress.elapsed_s < INSTANT_S)
		return false;
	return event->event->time_ns - terminal->drawn_ns >= pause_ns && !is_background(terminal);
}

static void take_progress(struct terminal *terminal, const struct sink_event *event)
{
	const struct event_progress *progress = &event->event->progress;
	char line[BAR_BYTES];

	if (progress->totals.state >= HAUL_STATE_DONE) {
		bar_summary(progress, terminal->summary);
		if (terminal->when == TERMINAL_ALWAYS || progress->elapsed_s >= INSTANT_S)
			terminal->shown = true;
		return;
	}
	if (!is_due(terminal, event))
		return;
	terminal->drawn_ns = event->event->time_ns;
	/* One column stays free: a full line would make some terminals wrap. */
	terminal->style.columns = columns_of(terminal) - 1;
	bar_render(progress, &terminal->style, line);
	draw(terminal, line, "");
}

static void take_end(struct terminal *terminal)
{
	if (!terminal->shown)
		return;
	outbox_close(&terminal->outbox); /* a frame that still waits is out of date */
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
	return outbox_send(&terminal->outbox, terminal->fd);
}

static int terminal_fd(struct sink *sink, short *ret_events)
{
	struct terminal *terminal = (struct terminal *)sink;

	*ret_events = POLLOUT;
	return outbox_bytes(&terminal->outbox) ? terminal->fd : -1;
}

static bool terminal_busy(struct sink *sink)
{
	return outbox_bytes(&((struct terminal *)sink)->outbox) > 0;
}

static void terminal_close(struct sink *sink)
{
	struct terminal *terminal = (struct terminal *)sink;

	outbox_close(&terminal->outbox);
	close(terminal->fd);
	uselocale(LC_GLOBAL_LOCALE);
	freelocale(terminal->locale);
	free(terminal);
}

static const struct sink_ops terminal_ops = {
	.name = "terminal",
	.take = terminal_take,
	.advance = terminal_advance,
	.fd = terminal_fd,
	.busy = terminal_busy,
	.close = terminal_close,
};

/* Whether the user's locale, and so presumably the terminal, is a UTF-8 one. */
static bool shows_utf8(void)
{
	locale_t user = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	bool utf8;

	if (!user)
		return false;
	utf8 = strcmp(nl_langinfo_l(CODESET, user), "UTF-8") == 0;
	freelocale(user);
	return utf8;
}

static void set_style(struct terminal *terminal)
{
	const char *term = getenv("TERM");
	const char *no_colour = getenv("NO_COLOR");

	terminal->is_terminal = isatty(terminal->fd);
	terminal->dumb = !term || !*term || strcmp(term, "dumb") == 0;
	terminal->style.utf8 = shows_utf8();
	terminal->style.colour =
		terminal->is_terminal && !terminal->dumb && !(no_colour && *no_colour);
}

int terminal_open(int fd, enum terminal_when when, struct sink **ret_sink)
{
	struct terminal *terminal = calloc(1, sizeof(*terminal));
	int error;

	if (!terminal)
		return -ENOMEM;
	terminal->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	error = terminal->locale ? outbox_open_fd(fd, &terminal->fd) : -errno;
	if (error) {
		if (terminal->locale)
			freelocale(terminal->locale);
		free(terminal);
		return error;
	}
	terminal->sink.ops = &terminal_ops;
	terminal->when = when;
	set_style(terminal);
	uselocale(terminal->locale);
	*ret_sink = &terminal->sink;
	return 0;
}
