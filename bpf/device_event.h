/* SPDX-License-Identifier: MIT */
/* What happened to a device. */
#ifndef BPF_DEVICE_EVENT_H
#define BPF_DEVICE_EVENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "bpf/block.h"
#include "bpf/identity.h"

enum device_action {
	DEVICE_ATTACHED,
	DEVICE_DETACHED,
	DEVICE_MOUNTED,
	DEVICE_UNMOUNTED,
	DEVICE_RELEASED, /* nothing uses it any more, and nothing is left to write */
	DEVICE_FAILED,   /* a mount, unmount or move was refused: nothing has changed */
	DEVICE_HELD,     /* a job uses it: it can't be unmounted meanwhile */
	DEVICE_LOST,     /* `lost` calls were not seen; the state has been read anew */
	DEVICE_WATCHING, /* the state at the start is told: from here on, changes */
};

#define DEVICE_UNKNOWN UINT64_MAX /* for sizes */

/* Who did it, as far as the probe saw: pid 0 when nobody knows. */
struct device_actor {
	pid_t pid;
	uid_t uid;
	uint64_t namespace; /* mount namespace, 0 when unknown */
	char command[16];
};

enum device_probe {
	DEVICE_PROBE_NONE,  /* the mount table alone */
	DEVICE_PROBE_PLAIN, /* system calls */
	DEVICE_PROBE_CORE,  /* and namespaces */
};

struct device_event {
	enum device_action action;
	uint64_t time_ns; /* since 1970 */
	bool current;     /* it was so when watching began */
	bool visible;     /* false: in another mount namespace; the mount point is as seen there */
	bool block;       /* a block device, or on one */
	bool serial;      /* a serial port */
	bool removable;   /* or on USB */
	bool whole;       /* a whole disk: once it is released, it may be pulled */
	char *device;     /* "/dev/sdb1"; NULL: none */
	uint32_t major;   /* of the filesystem where there is no device */
	uint32_t minor;
	struct identity identity;
	uint64_t size_bytes;
	uint64_t free_bytes;
	char *mount_point; /* NULL: not about a mount */
	char *source;      /* what was mounted, as it was named; may be NULL */
	struct device_actor actor;
	/* DEVICE_FAILED */
	const char *operation; /* "mount", "unmount", "move", "remount", "pivot" */
	int error;             /* a positive errno; DEVICE_WATCHING: why there is no probe */
	/* DEVICE_LOST */
	uint64_t lost;
	/* DEVICE_WATCHING */
	enum device_probe probe;
	const char *missing; /* what the probe could not do; NULL: nothing */
};

const char *device_action_name(enum device_action action);

/* The time that events carry: since 1970, in nanoseconds. */
uint64_t device_event_now(void);

struct device_event *device_event_new(enum device_action action, uint64_t time_ns);
void device_event_free(struct device_event *event); /* NULL is fine */

#endif
