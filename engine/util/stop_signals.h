/* SPDX-License-Identifier: MIT */
/* The signals by which a user or a system ends a program: interrupt, terminate, hang up. One that
 * was ignored when the program was started stays so: nohup means it, and a shell that starts
 * something in the background of a script. */
#ifndef ENGINE_UTIL_STOP_SIGNALS_H
#define ENGINE_UTIL_STOP_SIGNALS_H

#include <signal.h>

/* Adds those that are not ignored. */
void stop_signals_add(sigset_t *set);

/* Blocks them, and returns a descriptor, not waiting, from which they are read (signalfd(2)), or
 * -errno. Blocked signals are inherited by what is executed. */
int stop_signals_open(void);

#endif
