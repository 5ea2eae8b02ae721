/* SPDX-License-Identifier: MIT */
#include "bpf/device_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct device *device_list_find(
	const struct device_list *list, bool serial, uint32_t major, uint32_t minor)
{
	for (size_t i = 0; i < list->count; i++) {
		struct device *device = &list->device[i];

		if (device->serial == serial && device->block.major == major &&
			device->block.minor == minor)
			return device;
	}
	return NULL;
}

struct device *device_list_add(struct device_list *list, const struct block *block)
{
	struct device *grown = reallocarray(list->device, list->count + 1, sizeof(*grown));

	if (!grown)
		return NULL;
	list->device = grown;
	grown[list->count] = (struct device){.block = *block, .attached = true, .seen = true};
	return &grown[list->count++];
}

void device_list_remove(struct device_list *list, struct device *device)
{
	*device = list->device[--list->count];
}

void device_list_free(struct device_list *list)
{
	free(list->device);
	*list = (struct device_list){0};
}

const char *device_path(const struct block *block, char ret_path[DEVICE_PATH_BYTES])
{
	snprintf(ret_path, DEVICE_PATH_BYTES, "/dev/%s", block->name);
	return ret_path;
}

void device_identify(struct device *device, const char *sysfs, const char *mount_point)
{
	struct block_activity activity = {0};
	char path[DEVICE_PATH_BYTES];
	struct identity identity;
	struct block block;
	bool known;

	if (device->serial || block_activity_read(sysfs, device->block.major, device->block.minor,
				      &activity) != 0)
		return;
	/* A size may change without a word. */
	if (block_read(sysfs, device->block.major, device->block.minor, &block) == 0)
		device->block.size_bytes = block.size_bytes;
	known = device->identity.fstype[0] || device->identity.uuid[0] || !mount_point;
	if (known && device->identified && activity.sectors_written == device->identified_at)
		return;
	if (identity_find(device_path(&device->block, path), device->block.major,
		    device->block.minor, mount_point, &identity) != 0)
		identity = (struct identity){0};
	device->identity = identity;
	device->identified = true;
	device->identified_at = activity.sectors_written;
}

struct device_event *device_describe(enum device_action action, const struct device *device)
{
	struct device_event *event = device_event_new(action, device_event_now());
	char path[DEVICE_PATH_BYTES];

	if (!event)
		return NULL;
	event->device = strdup(device_path(&device->block, path));
	if (!event->device) {
		device_event_free(event);
		return NULL;
	}
	event->block = !device->serial;
	event->serial = device->serial;
	event->removable = device->block.removable || device->block.usb;
	event->whole = event->block && device->block.major == device->block.disk_major &&
		       device->block.minor == device->block.disk_minor;
	event->major = device->block.major;
	event->minor = device->block.minor;
	event->identity = device->identity;
	if (event->block)
		event->size_bytes = device->block.size_bytes;
	return event;
}
