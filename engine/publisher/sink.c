/* SPDX-License-Identifier: MIT */
#include "publisher/sink.h"

#include <errno.h>
#include <stdlib.h>

int sinks_open(struct sinks *ret_sinks)
{
	char *json = malloc(EVENT_JSON_BYTES);

	if (!json)
		return -ENOMEM;
	*ret_sinks = (struct sinks){.json = json};
	return 0;
}

void sinks_close(struct sinks *sinks)
{
	for (unsigned at = 0; at < sinks->count; at++)
		sinks->sink[at]->ops->close(sinks->sink[at]);
	free(sinks->json);
	*sinks = (struct sinks){0};
}

int sinks_add(struct sinks *sinks, struct sink *sink)
{
	if (sinks->count == SINKS_MAX) {
		sink->ops->close(sink);
		return -ENOSPC;
	}
	sinks->sink[sinks->count++] = sink;
	return 0;
}

static bool want_json(const struct sinks *sinks)
{
	for (unsigned at = 0; at < sinks->count; at++)
		if (sinks->sink[at]->ops->wants_json)
			return true;
	return false;
}

void sinks_take(struct sinks *sinks, const struct event *event)
{
	struct sink_event taken = {.event = event};
	struct json json;

	if (want_json(sinks)) {
		json_open(&json, sinks->json, EVENT_JSON_BYTES);
		event_write(event, &json);
		if (json.overflow) {
			sinks->oversized++;
			return;
		}
		taken.json = json.text;
		taken.json_bytes = json.used;
	}
	for (unsigned at = 0; at < sinks->count; at++)
		sinks->sink[at]->ops->take(sinks->sink[at], &taken);
}

static void remove_at(struct sinks *sinks, unsigned at)
{
	sinks->sink[at]->ops->close(sinks->sink[at]);
	sinks->count--;
	for (; at < sinks->count; at++)
		sinks->sink[at] = sinks->sink[at + 1];
}

void sinks_advance(
	struct sinks *sinks, uint64_t now_ns, void (*failed)(const char *name, int error))
{
	unsigned at = 0;

	while (at < sinks->count) {
		struct sink *sink = sinks->sink[at];
		int error = sink->ops->advance(sink, now_ns);

		if (!error) {
			at++;
			continue;
		}
		if (failed)
			failed(sink->ops->name, error);
		remove_at(sinks, at);
	}
}

unsigned sinks_poll(struct sinks *sinks, struct pollfd ret_poll[SINKS_MAX])
{
	unsigned count = 0;

	for (unsigned at = 0; at < sinks->count; at++) {
		struct sink *sink = sinks->sink[at];
		short events = 0;
		int fd = sink->ops->fd ? sink->ops->fd(sink, &events) : -1;

		if (fd >= 0)
			ret_poll[count++] = (struct pollfd){.fd = fd, .events = events};
	}
	return count;
}

bool sinks_busy(struct sinks *sinks)
{
	for (unsigned at = 0; at < sinks->count; at++) {
		struct sink *sink = sinks->sink[at];

		if (sink->ops->busy && sink->ops->busy(sink))
			return true;
	}
	return false;
}
