/* SPDX-License-Identifier: MIT */
/*
 * Regions of jobs that were killed. They stay for a while, so that one can see what became of a
 * job, but they are memory, so not for ever.
 */
#ifndef ENGINE_PROGRESS_LEFTOVER_H
#define ENGINE_PROGRESS_LEFTOVER_H

#include <stdint.h>

/* How long after its last change a leftover may go. */
#define LEFTOVER_SECONDS 3600

/* Takes the write lock of an open region file: -EAGAIN when its coordinator lives. */
int leftover_lock(int fd);

/* Removes the files of a job whose coordinator is dead: its region and its control socket. 0, also
 * when they were gone already; -EEXIST: the coordinator lives. */
int leftover_remove(int directory_fd, const char *job);

/* Removes all that are older than LEFTOVER_SECONDS at `now_s` (seconds of CLOCK_REALTIME). 0, or
 * -errno when the directory can't be read; a file that can't be removed is left. */
int leftover_sweep(int directory_fd, int64_t now_s);

#endif
