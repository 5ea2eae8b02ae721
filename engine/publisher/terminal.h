/* SPDX-License-Identifier: MIT */
/*
 * The sink of people: a progress bar on a terminal, and a line with the totals at the end.
 *
 * The bar stays on the cursor's line and never ends it. Whoever else writes to the same terminal
 * while the job runs (the coordinator's messages) starts with TERMINAL_CLEAR and ends its line, all
 * in one write(2): the bar then appears again below it.
 *
 * On what is not a terminal there is no bar but a line a second. NO_COLOR and TERM=dumb are
 * honoured; nothing is drawn while the job is in the background of its terminal.
 */
#ifndef ENGINE_PUBLISHER_TERMINAL_H
#define ENGINE_PUBLISHER_TERMINAL_H

#include "publisher/sink.h"

#define TERMINAL_CLEAR "\r\033[K"

enum terminal_when {
	TERMINAL_AUTO, /* a job that is over in an instant says nothing, as cp does */
	TERMINAL_ALWAYS,
};

/* Writes to a duplicate of `fd`. Changes the calling thread's locale to a UTF-8 one. */
int terminal_open(int fd, enum terminal_when when, struct sink **ret_sink);

#endif
