/* SPDX-License-Identifier: MIT */
/*
 * The whole screen of a terminal: the keyboard key by key, and lines that are drawn anew where they
 * changed. A terminal that takes nothing is not waited for: the next drawing is better than the one
 * that it missed.
 */
#ifndef ENGINE_TOP_FULLSCREEN_H
#define ENGINE_TOP_FULLSCREEN_H

#include <poll.h>
#include <stdbool.h>
#include <termios.h>

#include "publisher/outbox.h"
#include "top/sheet.h"

/* What the terminal has to be told so that it is as it was. */
#define FULLSCREEN_RESTORE "\033[m\033[?7h\033[?25h\033[?1049l"

struct fullscreen {
	int fd; /* of its own, which does not block */
	bool keyboard;
	bool entered;
	bool known; /* `shown` is what stands there */
	struct termios before;
	struct outbox outbox;
	struct sheet shown;
};

/* Standard output is the screen, and standard input the keyboard if it is a terminal too. */
int fullscreen_open(struct fullscreen *ret_screen);
void fullscreen_close(struct fullscreen *screen);

/* Takes the screen and gives it back, also in between, for a process that is about to stop. */
void fullscreen_enter(struct fullscreen *screen);
void fullscreen_leave(struct fullscreen *screen);

/* Nothing is known of what stands there: it has another size, or somebody wrote to it. */
void fullscreen_spoil(struct fullscreen *screen);

/* Takes over the sheet. Returns 0, also when the terminal takes nothing now, or -errno when it is
 * gone. */
int fullscreen_show(struct fullscreen *screen, struct sheet *sheet);

/* Sends more of what the terminal did not take; it wants to while it is busy. */
int fullscreen_advance(struct fullscreen *screen);
bool fullscreen_busy(const struct fullscreen *screen);

#endif
