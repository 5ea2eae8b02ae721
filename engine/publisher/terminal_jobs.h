/* SPDX-License-Identifier: MIT */
/*
 * The sink of people for several jobs: a bar for each that runs, and above them a line for each
 * that has ended.
 *
 * The cursor stays at the beginning of the first bar, and a frame clears everything below before it
 * is drawn. So whoever else writes there does as terminal.h says: starts with TERMINAL_CLEAR and
 * ends its line.
 *
 * On what is no terminal, or knows no control sequences, each job has a line a second.
 */
#ifndef ENGINE_PUBLISHER_TERMINAL_JOBS_H
#define ENGINE_PUBLISHER_TERMINAL_JOBS_H

#include "publisher/terminal.h"

/* As terminal_open. */
int terminal_jobs_open(int fd, enum terminal_when when, struct sink **ret_sink);

#endif
