/* SPDX-License-Identifier: MIT */
/* The devices that carry filesystems, from the stream of bpf/devices.h: a row for each mount, and
 * for what could be mounted or pulled out. */
#ifndef ENGINE_TOP_DRIVES_H
#define ENGINE_TOP_DRIVES_H

#include "bpf/devices.h"
#include "top/text.h"

#define TOP_DRIVES_MAX 128

struct top_drive {
	char device[64]; /* "/dev/sdb1" */
	struct identity identity;
	uint64_t size_bytes; /* DEVICE_UNKNOWN: not known, here and below */
	uint64_t free_bytes;
	dev_t number;       /* of the filesystem, as stat(2) tells it; 0: not mounted */
	char *mount_point;  /* NULL: not mounted */
	const char *remark; /* NULL: none */
};

struct top_drives {
	struct top_drive row[TOP_DRIVES_MAX];
	unsigned count;
};

/* All zeros is an empty list. */
void top_drives_close(struct top_drives *drives);

void top_drives_take(struct top_drives *drives, const struct device_event *event);

/* Asks how much is free. */
void top_drives_refresh(struct top_drives *drives);

#endif
