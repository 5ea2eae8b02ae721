/* SPDX-License-Identifier: MIT */
/* The signals by which a user or a system ends a program: interrupt, terminate, hang up. */
#ifndef ENGINE_UTIL_STOP_SIGNALS_H
#define ENGINE_UTIL_STOP_SIGNALS_H

/* Blocks them, and returns a descriptor, not waiting, from which they are read (signalfd(2)), or
 * -errno. Blocked signals are inherited by what is executed. */
int stop_signals_open(void);

#endif
