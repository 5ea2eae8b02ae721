/* SPDX-License-Identifier: MIT */
/*
 * Devices in real time: one ordered stream of what is attached, mounted, unmounted, released and
 * detached, merged from the mount table, the kernel's uevents and the eBPF probe. What there is at
 * the start comes first, marked as current and ended by DEVICE_WATCHING; then what changes.
 *
 *     devices_open(&options, &devices);
 *     for (;;) {
 *             poll(devices_fd(devices)) for POLLIN;
 *             while ((result = devices_next(devices, &event)) > 0)
 *                     ...
 *     }
 *
 * Nothing here runs between the calls, and an idle stream never wakes its owner. Without privilege
 * the probe is missing, and with it who did what, failures, and what came and went within
 * microseconds; all else is the same.
 */
#ifndef BPF_DEVICES_H
#define BPF_DEVICES_H

#include <stdbool.h>

#include "bpf/device_event.h"

struct devices;

struct devices_options {
	bool probe;        /* start the probe, a process of this program */
	const char *sysfs; /* NULL: "/sys"; must outlive the stream */
};

int devices_open(const struct devices_options *options, struct devices **ret_devices);
void devices_close(struct devices *devices); /* NULL is fine */

/* Readable when devices_next may have something. Good for poll, epoll and io_uring. */
int devices_fd(const struct devices *devices);

/* Returns 1 and the next event, valid until the next call; 0 when there is none now; -errno when
 * the stream is broken. Never blocks for long: facts take up to a few milliseconds an event. */
int devices_next(struct devices *devices, const struct device_event **ret_event);

/* The process that the probe runs in, 0 for none. */
pid_t devices_probe_pid(const struct devices *devices);

#endif
