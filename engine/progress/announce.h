/* SPDX-License-Identifier: MIT */
/*
 * How a job that `haul run` has started hands it its region: through the channel that the
 * environment names, before the job's first record, so that none can be missed, however short the
 * job is.
 */
#ifndef ENGINE_PROGRESS_ANNOUNCE_H
#define ENGINE_PROGRESS_ANNOUNCE_H

#include <stdbool.h>

#include "progress/region.h"

/* "3", or "3 bar" when bars are drawn on standard error for all jobs together. */
#define ANNOUNCE_ENVIRONMENT "HAUL_RUN_CHANNEL"

enum announced {
	ANNOUNCE_NOBODY = 0, /* the job stands alone */
	ANNOUNCE_WATCHED,    /* others show how it does */
	ANNOUNCE_BAR,        /* and draw bars on standard error: messages must clear their line */
};

/* For a coordinator whose region was just made, once. Whoever listens is not waited for, and that
 * he is gone is no concern of the job's. */
enum announced announce_region(const struct region *region);

/* The other end: the descriptor of the region that was announced on `channel`, the caller's, or
 * -ENODATA when there was none yet, or -EPIPE when there will be none. */
int announce_receive(int channel);

/* Passes a region on through such a channel. 0 or -errno. */
int announce_send(int channel, int region_fd);

#endif
