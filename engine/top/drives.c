/* SPDX-License-Identifier: MIT */
#include "top/drives.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

static void remove_row(struct top_drives *drives, unsigned at)
{
	free(drives->row[at].mount_point);
	drives->count--;
	memmove(drives->row + at, drives->row + at + 1,
		(drives->count - at) * sizeof(drives->row[0]));
}

void top_drives_close(struct top_drives *drives)
{
	while (drives->count)
		remove_row(drives, drives->count - 1);
}

/* `mount_point` NULL finds the row of the device itself. */
static struct top_drive *find(
	struct top_drives *drives, const char *device, const char *mount_point)
{
	for (unsigned at = 0; at < drives->count; at++) {
		struct top_drive *drive = &drives->row[at];
		bool same = mount_point ? drive->mount_point &&
						  strcmp(drive->mount_point, mount_point) == 0
					: !drive->mount_point;

		if (same && strcmp(drive->device, device) == 0)
			return drive;
	}
	return NULL;
}

static void forget(struct top_drives *drives, const char *device, const char *mount_point)
{
	struct top_drive *drive = find(drives, device, mount_point);

	if (drive)
		remove_row(drives, (unsigned)(drive - drives->row));
}

static void describe(struct top_drive *drive, const struct device_event *event)
{
	snprintf(drive->device, sizeof(drive->device), "%s", event->device);
	drive->identity = event->identity;
	drive->size_bytes = event->size_bytes;
	drive->free_bytes = event->free_bytes;
	drive->remark = NULL;
}

/* NULL: more than any screen shows. */
static struct top_drive *add(
	struct top_drives *drives, const struct device_event *event, const char *mount_point)
{
	struct top_drive *drive = find(drives, event->device, mount_point);

	if (drive)
		return drive;
	if (drives->count == TOP_DRIVES_MAX)
		return NULL;
	drive = &drives->row[drives->count];
	*drive = (struct top_drive){0};
	if (mount_point && !(drive->mount_point = strdup(mount_point)))
		return NULL;
	drives->count++;
	return drive;
}

static bool is_mounted(const struct top_drives *drives, const char *device)
{
	for (unsigned at = 0; at < drives->count; at++)
		if (drives->row[at].mount_point && strcmp(drives->row[at].device, device) == 0)
			return true;
	return false;
}

static void take_mounted(struct top_drives *drives, const struct device_event *event)
{
	struct top_drive *drive;
	struct stat status;

	forget(drives, event->device, NULL);
	drive = add(drives, event, event->mount_point);
	if (!drive)
		return;
	describe(drive, event);
	/* The event's numbers are the device's, which btrfs does not use for its files. */
	drive->number = stat(drive->mount_point, &status) == 0 ? status.st_dev : 0;
}

/* What was never mounted is shown where it may be pulled out: the other devices of a machine are
 * no news. */
static void take_attached(struct top_drives *drives, const struct device_event *event)
{
	struct top_drive *drive = event->removable ? add(drives, event, NULL) : NULL;

	if (!drive)
		return;
	describe(drive, event);
	drive->free_bytes = DEVICE_UNKNOWN;
	drive->remark = event->action == DEVICE_RELEASED ? "safe to remove" : "not mounted";
}

void top_drives_take(struct top_drives *drives, const struct device_event *event)
{
	if (!event->visible || !event->device || event->serial)
		return;
	switch (event->action) {
	case DEVICE_MOUNTED:
		take_mounted(drives, event);
		break;
	case DEVICE_UNMOUNTED:
		forget(drives, event->device, event->mount_point);
		if (!is_mounted(drives, event->device))
			take_attached(drives, event);
		break;
	case DEVICE_ATTACHED:
		take_attached(drives, event);
		break;
	case DEVICE_RELEASED:
		if (event->whole)
			take_attached(drives, event);
		break;
	case DEVICE_DETACHED:
		forget(drives, event->device, NULL);
		for (unsigned at = 0; at < drives->count; at++)
			if (strcmp(drives->row[at].device, event->device) == 0)
				drives->row[at].remark = "gone";
		break;
	default:
		break;
	}
}

void top_drives_refresh(struct top_drives *drives)
{
	for (unsigned at = 0; at < drives->count; at++) {
		struct top_drive *drive = &drives->row[at];
		struct statvfs space;

		/* One that was pulled out may keep whoever asks waiting. */
		if (drive->mount_point && !drive->remark &&
			statvfs(drive->mount_point, &space) == 0)
			drive->free_bytes = (uint64_t)space.f_bavail * space.f_frsize;
	}
}
