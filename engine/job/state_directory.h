/* SPDX-License-Identifier: MIT */
/* Where journals are: as <job>.journal in $XDG_STATE_HOME/haul/ or ~/.local/state/haul/. Beside
 * them is what runs of many jobs have done so far: <run>.run. */
#ifndef ENGINE_JOB_STATE_DIRECTORY_H
#define ENGINE_JOB_STATE_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>

#define STATE_PATH_BYTES 4096

/* The path of a job's journal. -ENOENT: there is no such directory, and it was not asked to be
 * made, or the user has no home; -EPERM: others may enter it, or it is theirs; -errno. */
int state_journal_path(const char *job, bool create, char ret_path[STATE_PATH_BYTES]);

/* The same of a run's record. */
int state_record_path(const char *run, bool create, char ret_path[STATE_PATH_BYTES]);

/* Calls `tell` for every journal, with the job's name; stops when that returns something else than
 * 0, and returns it. 0 also where there is no directory. */
int state_each_journal(int (*tell)(const char *job, void *context), void *context);

#endif
