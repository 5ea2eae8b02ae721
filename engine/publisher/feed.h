/* SPDX-License-Identifier: MIT */
/* The process that makes a job of what happens to devices, so that it is published like the others'
 * events: its role is in engine/cli/device_feed.h. */
#ifndef ENGINE_PUBLISHER_FEED_H
#define ENGINE_PUBLISHER_FEED_H

#include <sys/types.h>

struct feed {
	pid_t pid; /* 0: none */
	int pidfd;
	int channel_fd;
};

int feed_start(struct feed *ret_feed);
void feed_stop(struct feed *feed); /* one of all zeros is fine */

#endif
