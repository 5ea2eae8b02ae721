/* SPDX-License-Identifier: MIT */
#include "bpf/device_event.h"

#include <stdlib.h>
#include <time.h>

const char *device_action_name(enum device_action action)
{
	static const char *const names[] = {
		[DEVICE_ATTACHED] = "attached",
		[DEVICE_DETACHED] = "detached",
		[DEVICE_MOUNTED] = "mounted",
		[DEVICE_UNMOUNTED] = "unmounted",
		[DEVICE_RELEASED] = "released",
		[DEVICE_FAILED] = "failed",
		[DEVICE_HELD] = "held",
		[DEVICE_LOST] = "lost",
		[DEVICE_WATCHING] = "watching",
	};

	return names[action];
}

uint64_t device_event_now(void)
{
	struct timespec now;

	/* Cannot fail: the clock exists and the pointer is good. */
	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

struct device_event *device_event_new(enum device_action action, uint64_t time_ns)
{
	struct device_event *event = calloc(1, sizeof(*event));

	if (!event)
		return NULL;
	event->action = action;
	event->time_ns = time_ns;
	event->visible = true;
	event->size_bytes = DEVICE_UNKNOWN;
	event->free_bytes = DEVICE_UNKNOWN;
	return event;
}

void device_event_free(struct device_event *event)
{
	if (!event)
		return;
	free(event->device);
	free(event->mount_point);
	free(event->source);
	free(event);
}
