/* SPDX-License-Identifier: MIT */
/* The publisher's life: open the sinks, watch the jobs, hand on what happens, end. */
#ifndef ENGINE_PUBLISHER_PUBLISH_H
#define ENGINE_PUBLISHER_PUBLISH_H

#include <stdbool.h>

#include "publisher/terminal.h"

struct publish_request {
	int region_fd;  /* of the one job to tell about; -1: more than one */
	int regions_fd; /* a channel on which regions are announced; -1: all jobs of this user,
			   until stopped */
	bool json;      /* lines to standard output */
	bool terminal;  /* a bar on standard error */
	enum terminal_when when;
	bool devices;      /* start what follows devices, too; with a page it always is */
	const char *redis; /* URLs and addresses; NULL: not wanted */
	const char *socketio;
	const char *http;
	const char *token_file; /* of the HTTP server; NULL: it serves this machine alone */
};

/* Says on standard error what goes wrong. Returns an exit status: with jobs that were handed
 * over, 0 when they reached a final state, whichever; else 0 when it was stopped by SIGINT or
 * SIGTERM. */
int publish_run(const struct publish_request *request);

#endif
