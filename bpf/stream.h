/* SPDX-License-Identifier: MIT */
/*
 * Turns what the sources tell into one ordered list of device events: keeps the list of devices,
 * sees to it that a device is attached before it is mounted, adds the facts and says when a device
 * is released. Facts are looked up when an event is taken, not when it comes in, so that a burst is
 * received quickly.
 */
#ifndef BPF_STREAM_H
#define BPF_STREAM_H

#include "bpf/device_event.h"
#include "bpf/device_list.h"
#include "bpf/mount_state.h"
#include "bpf/release.h"

struct pending;

struct stream {
	const char *sysfs;
	struct device_list devices;
	struct pending *first; /* the queue of events */
	struct pending *last;
	struct release *release;
	bool current;             /* what comes in now was so when watching began */
	uint64_t release_wake_ns; /* 0: none */
};

/* `sysfs` must outlive it. */
int stream_open(const char *sysfs, struct stream *ret_stream);
void stream_close(struct stream *stream);

/* A mount_change_fn; the context is the stream. */
int stream_mount_change(const struct mount_change *change, void *context);
int stream_push(struct stream *stream, struct device_event *event); /* takes it over, always */

/* Looks whether devices were released meanwhile. */
int stream_check(struct stream *stream, uint64_t now_ns);

/* Takes the next event; the caller frees it. Returns 1, 0 when there is none, or -errno. */
int stream_next(struct stream *stream, struct device_event **ret_event);

#endif
