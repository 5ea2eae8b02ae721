/* SPDX-License-Identifier: MIT */
#include "top/fullscreen.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The other screen, no cursor, and no new line at the right edge. */
#define ENTER   "\033[?1049h\033[?25l\033[?7l"
#define CLEAR   "\033[H\033[2J"
#define TO_LINE "\033[%u;1H"
#define REST    "\033[m\033[K"

#define WAITING_MAX (4u << 20) /* more than any screen holds */
#define LEAVE_MS    250        /* for a terminal that is slow to take the last words */

int fullscreen_open(struct fullscreen *ret_screen)
{
	struct fullscreen screen = {.fd = -1};
	int error = outbox_open_fd(STDOUT_FILENO, &screen.fd);

	if (error)
		return error;
	screen.keyboard = tcgetattr(STDIN_FILENO, &screen.before) == 0;
	*ret_screen = screen;
	fullscreen_enter(ret_screen);
	return 0;
}

void fullscreen_close(struct fullscreen *screen)
{
	fullscreen_leave(screen);
	outbox_close(&screen->outbox);
	sheet_close(&screen->shown);
	close(screen->fd);
}

static void put(struct fullscreen *screen, const char *text)
{
	/* What does not fit is drawn when it is next asked for. */
	if (outbox_put(&screen->outbox, text, strlen(text), WAITING_MAX))
		screen->known = false;
}

static void make_raw(const struct fullscreen *screen)
{
	struct termios raw = screen->before;

	cfmakeraw(&raw);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

void fullscreen_enter(struct fullscreen *screen)
{
	if (screen->keyboard)
		make_raw(screen);
	screen->entered = true;
	put(screen, ENTER);
	fullscreen_spoil(screen);
}

void fullscreen_leave(struct fullscreen *screen)
{
	struct pollfd wait = {.fd = screen->fd, .events = POLLOUT};

	if (!screen->entered)
		return;
	screen->entered = false;
	put(screen, FULLSCREEN_RESTORE);
	/* The terminal may have been stopped, or be gone: then there is nothing to put back. */
	while (!outbox_send(&screen->outbox, screen->fd) && fullscreen_busy(screen))
		if (poll(&wait, 1, LEAVE_MS) <= 0)
			break;
	if (screen->keyboard)
		tcsetattr(STDIN_FILENO, TCSANOW, &screen->before);
}

void fullscreen_spoil(struct fullscreen *screen)
{
	screen->known = false;
}

static void put_line(struct fullscreen *screen, unsigned at, const char *line)
{
	char place[32];

	snprintf(place, sizeof(place), TO_LINE, at + 1);
	put(screen, place);
	put(screen, line);
	put(screen, REST);
}

static void put_changes(struct fullscreen *screen, const struct sheet *sheet)
{
	unsigned rows = sheet->count > screen->shown.count ? sheet->count : screen->shown.count;

	for (unsigned at = 0; at < rows; at++) {
		const char *line = at < sheet->count ? sheet->line[at] : "";
		const char *before = at < screen->shown.count ? screen->shown.line[at] : "";

		if (strcmp(line, before) != 0)
			put_line(screen, at, line);
	}
}

int fullscreen_show(struct fullscreen *screen, struct sheet *sheet)
{
	int error = fullscreen_advance(screen);

	if (error || fullscreen_busy(screen)) {
		sheet_close(sheet);
		return error;
	}
	if (!screen->known) {
		sheet_close(&screen->shown);
		screen->known = true;
		put(screen, CLEAR);
	}
	put_changes(screen, sheet);
	sheet_close(&screen->shown);
	screen->shown = *sheet;
	*sheet = (struct sheet){0};
	return fullscreen_advance(screen);
}

int fullscreen_advance(struct fullscreen *screen)
{
	return outbox_send(&screen->outbox, screen->fd);
}

bool fullscreen_busy(const struct fullscreen *screen)
{
	return outbox_bytes(&screen->outbox) > 0;
}
