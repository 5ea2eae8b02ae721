/* SPDX-License-Identifier: MIT */
/* Device events as lines: for people, or as JSON. */
#ifndef ENGINE_CLI_WATCH_SHOW_H
#define ENGINE_CLI_WATCH_SHOW_H

#include "bpf/device_event.h"

struct show {
	bool json;
	uint64_t sequence; /* of the last JSON event */
	uint64_t time_ns;  /* of it: times never run backwards */
	bool headed;       /* the table has its head */
	bool utf8;         /* the terminal shows more than ASCII */
};

void show_open(struct show *show, bool json);

/* Writes a line to standard output and flushes it. 0 or -errno. */
int show_event(struct show *show, const struct device_event *event);

#endif
