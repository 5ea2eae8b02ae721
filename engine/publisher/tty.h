/* SPDX-License-Identifier: MIT */
/* Where people read: what the sinks that write there share. */
#ifndef ENGINE_PUBLISHER_TTY_H
#define ENGINE_PUBLISHER_TTY_H

#include <locale.h>
#include <stdbool.h>
#include <stdint.h>

#include "publisher/bar.h"
#include "publisher/outbox.h"
#include "util/terminal_kind.h"

#define TTY_DRAW_NS   UINT64_C(95000000)   /* with an update every 50 ms: ten times a second */
#define TTY_LINE_NS   UINT64_C(1000000000) /* between lines on what is no terminal */
#define TTY_INSTANT_S 0.3                  /* what takes no longer needs no bar */

struct tty {
	struct outbox outbox;
	int fd;
	struct terminal_kind kind;
	struct bar_style style;
	locale_t locale;
};

/* Writes to a duplicate of `fd`. Changes the calling thread's locale to a UTF-8 one. */
int tty_open(int fd, struct tty *ret_tty);
void tty_close(struct tty *tty);

/* Now. A bar needs some width: in less it may wrap. */
struct terminal_size tty_size(const struct tty *tty);

/* Writing from the background would disturb whoever has the terminal now, or stop this process. */
bool tty_is_background(const struct tty *tty);

#endif
