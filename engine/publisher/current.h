/* SPDX-License-Identifier: MIT */
/*
 * Which files a job is working on. Only files that take a while are announced, and any worker may
 * finish what another began, so they are told apart by their paths. When none is under way, the
 * one that was finished last stands for what is going on.
 */
#ifndef ENGINE_PUBLISHER_CURRENT_H
#define ENGINE_PUBLISHER_CURRENT_H

#include <stddef.h>

#include "publisher/event.h"

#define CURRENT_PATH_BYTES 4096 /* longer paths are cut from the left */

struct current_path {
	size_t bytes;
	char text[CURRENT_PATH_BYTES];
};

struct current {
	struct current_path started[EVENT_CURRENT_MAX]; /* the oldest first */
	unsigned count;
	struct current_path latest;
};

/* All zeros is an empty one. */
void current_start(struct current *current, struct event_text path);
void current_finish(struct current *current, struct event_text path);

/* Forgets all: records were lost, and what had begun may have ended since. */
void current_clear(struct current *current);

/* Names the files, the oldest first. The texts are valid until the next change. */
unsigned current_list(const struct current *current, struct event_text ret_path[EVENT_CURRENT_MAX]);

#endif
