/* SPDX-License-Identifier: MIT */
/*
 * What the progress bar says, as text: no terminal is touched here.
 *
 *     42%  ━━━━━━──────  1.2 GB of 2.9 GB   1.3 GB/s  ETA 0:02  …clude/linux/fs.h
 *
 * While the plan isn't finished, totals are only a lower bound and the percentage an upper one, and
 * both say so: "≤42%", "of ≥2.9 GB". In a narrow terminal the less important parts are left out.
 *
 * When the destination has everything and the job waits for its medium, the bar says so, and the
 * speed and the time left are those of writing:
 *
 *     99%  ━━━━━━━━━━━─  writing: 1.1 GB left  80.0 MB/s  ETA 0:14
 *
 * With layers, the meter is █ where the data is durable, ▓ where the destination has accepted it
 * and ▒ where it has been read (ASCII: # = -), before what is left: ███▓▓▒░░░░.
 */
#ifndef ENGINE_PUBLISHER_BAR_H
#define ENGINE_PUBLISHER_BAR_H

#include <stdbool.h>
#include <stddef.h>

#include "publisher/event.h"

struct bar_style {
	unsigned columns; /* to use at most */
	bool utf8;
	bool colour;
	bool layers; /* the meter tells read, accepted and durable apart */
};

#define BAR_BYTES 8192 /* holds a line of any terminal */

/* One line without its end, for a job that runs. The thread's locale must be a UTF-8 one. */
void bar_render(const struct event_progress *progress, const struct bar_style *style,
	char ret_text[BAR_BYTES]);

/* "copied 23,000 files, 1.2 GB in 0.9 s, 1.3 GB/s", for a job that has ended. */
void bar_summary(const struct event_progress *progress, char ret_text[BAR_BYTES]);

#endif
