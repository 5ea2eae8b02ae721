/* SPDX-License-Identifier: MIT */
/* The devices that are there, and what is known of each. */
#ifndef BPF_DEVICE_LIST_H
#define BPF_DEVICE_LIST_H

#include "bpf/device_event.h"

struct device {
	struct block block;
	bool serial;     /* a serial port: only the name and numbers of `block` mean something */
	bool attached;   /* false: gone, but still mounted */
	bool announced;  /* as attached */
	bool seen;       /* in the last look at sysfs */
	unsigned mounts; /* that this process sees */
	struct identity identity;
	bool identified;
	uint64_t identified_at; /* sectors that it had written when it was identified */
};

struct device_list {
	struct device *device;
	size_t count;
};

/* NULL: not there. Valid until a device is added or removed. */
struct device *device_list_find(
	const struct device_list *list, bool serial, uint32_t major, uint32_t minor);
struct device *device_list_add(
	struct device_list *list, const struct block *block); /* NULL: ENOMEM */
void device_list_remove(struct device_list *list, struct device *device);
void device_list_free(struct device_list *list);

/* Brings the identity up to date. A device that has written nothing since is not read again. */
void device_identify(struct device *device, const char *sysfs, const char *mount_point);

#define DEVICE_PATH_BYTES (BLOCK_NAME_BYTES + 8)
/* "/dev/sdb1" */
const char *device_path(const struct block *block, char ret_path[DEVICE_PATH_BYTES]);

/* An event that says what is known of the device, with the time of now. NULL: no memory. */
struct device_event *device_describe(enum device_action action, const struct device *device);

#endif
