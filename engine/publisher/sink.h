/* SPDX-License-Identifier: MIT */
/*
 * Where events go. Sinks know nothing of each other: none of them ever blocks, each bounds what it
 * keeps for whoever reads it, and one that fails is closed without the others noticing.
 */
#ifndef ENGINE_PUBLISHER_SINK_H
#define ENGINE_PUBLISHER_SINK_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "publisher/event.h"

#define SINKS_MAX 8

/* An event and its JSON, without a newline at the end. */
struct sink_event {
	const struct event *event;
	const char *json; /* NULL where the sink does not want it */
	size_t json_bytes;
};

/* The first member of every sink. */
struct sink {
	const struct sink_ops *ops;
};

struct sink_ops {
	const char *name; /* in messages: "json", "redis", ... */
	bool wants_json;

	/* Takes an event, which is valid during the call only. */
	void (*take)(struct sink *sink, const struct sink_event *event);

	/* Does what can be done without waiting, now and then and when `fd` is ready. Returns 0, or
	 * -errno when the sink is of no more use; -EPIPE means that nobody cares about it. */
	int (*advance)(struct sink *sink, uint64_t now_ns);

	/* What to wait for, if anything: a descriptor and its poll(2) events, or -1. NULL: never.
	 */
	int (*fd)(struct sink *sink, short *ret_events);

	/* Whether something is still under way that should arrive before the end. NULL: never. */
	bool (*busy)(struct sink *sink);

	void (*close)(struct sink *sink); /* frees it */
};

struct sinks {
	struct sink *sink[SINKS_MAX];
	unsigned count;
	char *json;         /* EVENT_JSON_BYTES, owned */
	uint64_t oversized; /* events that did not fit */
};

int sinks_open(struct sinks *ret_sinks); /* -ENOMEM */
void sinks_close(struct sinks *sinks);

/* Takes over the sink. -ENOSPC when there are SINKS_MAX; it is closed then. */
int sinks_add(struct sinks *sinks, struct sink *sink);

void sinks_take(struct sinks *sinks, const struct event *event);

/* Closes the sinks that failed, and calls `failed` (which may be NULL) for each before. */
void sinks_advance(
	struct sinks *sinks, uint64_t now_ns, void (*failed)(const char *name, int error));

/* What to wait for. Returns how many were filled in, at most SINKS_MAX. */
unsigned sinks_poll(struct sinks *sinks, struct pollfd ret_poll[SINKS_MAX]);

bool sinks_busy(struct sinks *sinks);

#endif
