/* SPDX-License-Identifier: MIT */
/*
 * A session at the user's terminal that puts it back whatever happens. The session runs in a child;
 * its parent does nothing but put the terminal back when the child is gone, however it went. If the
 * parent is killed, the child gets SIGTERM and must put it back itself.
 */
#ifndef ENGINE_UTIL_TERMINAL_GUARD_H
#define ENGINE_UTIL_TERMINAL_GUARD_H

#include <signal.h>

/* Runs session(context) in a child and returns the exit status that it returned, 1 if it was
 * killed, or -errno if it could not be started. `signals` that this process gets are handed on to
 * the child, where they are blocked. Terminal settings are those of standard input; if the session
 * didn't end by itself, `restore` is written to standard output. */
int terminal_guard(
	const sigset_t *signals, const char *restore, int (*session)(void *context), void *context);

#endif
