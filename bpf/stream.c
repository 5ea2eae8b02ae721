/* SPDX-License-Identifier: MIT */
#include "bpf/stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include <linux/magic.h>

#include "bpf/attach.h"
#include "util/clock.h"

/* An event that still lacks its facts. */
struct pending {
	struct pending *next;
	struct device_event *event;
	bool is_mount; /* and `mount` describes it */
	struct mount_info mount;
};

int stream_open(const char *sysfs, struct stream *ret_stream)
{
	struct stream stream = {.sysfs = sysfs};
	int error = release_open(sysfs, &stream.release);

	if (error)
		return error;
	*ret_stream = stream;
	return 0;
}

static void queue_append(struct stream *stream, struct pending *pending)
{
	if (stream->last)
		stream->last->next = pending;
	else
		stream->first = pending;
	stream->last = pending;
}

static struct pending *queue_take(struct stream *stream)
{
	struct pending *pending = stream->first;

	if (pending)
		stream->first = pending->next;
	if (!stream->first)
		stream->last = NULL;
	return pending;
}

/* Moves what follows `before` to the front. */
static void queue_prefer(struct stream *stream, struct pending *before)
{
	struct pending *pending = before->next;

	before->next = pending->next;
	if (stream->last == pending)
		stream->last = before;
	pending->next = stream->first;
	stream->first = pending;
}

static void pending_free(struct pending *pending)
{
	device_event_free(pending->event);
	mount_info_free(&pending->mount);
	free(pending);
}

void stream_close(struct stream *stream)
{
	struct pending *pending;

	while ((pending = queue_take(stream)))
		pending_free(pending);
	release_close(stream->release);
	device_list_free(&stream->devices);
}

static uint64_t to_realtime(uint64_t monotonic_ns)
{
	if (!monotonic_ns)
		return device_event_now();
	return device_event_now() - (clock_monotonic_ns() - monotonic_ns);
}

int stream_push(struct stream *stream, struct device_event *event)
{
	struct pending *pending = event ? calloc(1, sizeof(*pending)) : NULL;

	if (!pending) {
		device_event_free(event);
		return -ENOMEM;
	}
	pending->event = event;
	event->current = stream->current && event->action != DEVICE_WATCHING;
	queue_append(stream, pending);
	return 0;
}

/* ---- what is mounted ---- */

static const char *operation_of(const struct mountprobe_record *record)
{
	switch (record->call) {
	case MOUNTPROBE_MOUNT:
		return record->flags & MS_REMOUNT ? "remount" : "mount";
	case MOUNTPROBE_UMOUNT:
		return "unmount";
	case MOUNTPROBE_MOVE_MOUNT:
		return "move";
	case MOUNTPROBE_PIVOT_ROOT:
		return "pivot";
	default:
		return "change";
	}
}

static void set_actor(struct device_event *event, const struct mountprobe_record *record)
{
	event->actor.pid = (pid_t)record->pid;
	event->actor.uid = record->uid;
	event->actor.namespace = record->namespace;
	memcpy(event->actor.command, record->command, sizeof(event->actor.command));
}

int stream_mount_change(const struct mount_change *change, void *context)
{
	static const enum device_action actions[] = {
		[MOUNT_CHANGE_MOUNTED] = DEVICE_MOUNTED,
		[MOUNT_CHANGE_UNMOUNTED] = DEVICE_UNMOUNTED,
		[MOUNT_CHANGE_FAILED] = DEVICE_FAILED,
	};
	struct stream *stream = context;
	struct device_event *event =
		device_event_new(actions[change->kind], to_realtime(change->time_ns));
	struct mount_info mount;
	int error = event ? mount_info_copy(change->mount, &mount) : -ENOMEM;

	if (error) {
		device_event_free(event);
		return error;
	}
	event->visible = change->visible;
	if (change->who)
		set_actor(event, change->who);
	if (change->kind == MOUNT_CHANGE_FAILED && change->who) {
		event->operation = operation_of(change->who);
		event->error = -change->who->result;
	}
	error = stream_push(stream, event);
	if (error) {
		mount_info_free(&mount);
		return error;
	}
	stream->last->is_mount = true;
	stream->last->mount = mount;
	return 0;
}

static struct device *find_by_path(struct stream *stream, const char *path)
{
	char name[DEVICE_PATH_BYTES];

	for (size_t i = 0; i < stream->devices.count; i++) {
		struct device *device = &stream->devices.device[i];

		if (!device->serial && strcmp(device_path(&device->block, name), path) == 0)
			return device;
	}
	return NULL;
}

/* A btrfs has a device number of its own, so there the source has to tell. */
static bool device_number(const struct mount_info *mount, uint32_t *major, uint32_t *minor)
{
	struct stat status;

	if (mount->major) {
		*major = mount->major;
		*minor = mount->minor;
		return true;
	}
	if (strncmp(mount->source, "/dev/", 5) != 0 || stat(mount->source, &status) ||
		!S_ISBLK(status.st_mode))
		return false;
	*major = major(status.st_rdev);
	*minor = minor(status.st_rdev);
	return true;
}

static struct device *find_mounted(struct stream *stream, const struct mount_info *mount)
{
	uint32_t major, minor;

	if (device_number(mount, &major, &minor))
		return device_list_find(&stream->devices, false, major, minor);
	/* It may have been pulled out, its node and all. */
	return find_by_path(stream, mount->source);
}

static bool tells_attached(const struct pending *pending, const struct device *device)
{
	const struct device_event *event = pending->event;

	return !pending->is_mount && event->action == DEVICE_ATTACHED && event->block &&
	       event->major == device->block.major && event->minor == device->block.minor;
}

/* The uevent may come later than the mount. Puts what is to be told first in front. */
static void attach_before(struct stream *stream, const struct mount_info *mount)
{
	struct device *device = find_mounted(stream, mount);
	uint32_t major, minor;
	struct block block;

	if (!device) {
		if (!device_number(mount, &major, &minor) ||
			block_read(stream->sysfs, major, minor, &block) != 0 ||
			attach_block(stream, &block) != 0)
			return;
		device = device_list_find(&stream->devices, false, major, minor);
	}
	if (device->announced)
		return;
	for (struct pending *before = stream->first; before->next; before = before->next) {
		if (tells_attached(before->next, device)) {
			queue_prefer(stream, before);
			return;
		}
	}
}

static int copy_names(struct device_event *event, const struct mount_info *mount)
{
	event->mount_point = strdup(mount->mount_point);
	event->source = strdup(mount->source);
	if (!event->mount_point || !event->source)
		return -ENOMEM;
	if (!event->device && strncmp(mount->source, "/dev/", 5) == 0) {
		event->device = strdup(mount->source);
		if (!event->device)
			return -ENOMEM;
	}
	snprintf(event->identity.fstype, sizeof(event->identity.fstype), "%s", mount->fstype);
	return 0;
}

static int copy_device(struct device_event *event, const struct device *device)
{
	struct device_event *facts = device_describe(event->action, device);

	if (!facts)
		return -ENOMEM;
	event->device = facts->device;
	facts->device = NULL;
	event->block = true;
	event->removable = facts->removable;
	event->whole = facts->whole;
	event->major = facts->major;
	event->minor = facts->minor;
	event->identity = facts->identity;
	event->size_bytes = facts->size_bytes;
	device_event_free(facts);
	return 0;
}

/* Only of filesystems on devices: one on a network may hang. It may be unmounted again already. */
static void look_at_space(struct device_event *event, const struct mount_info *mount)
{
	struct statfs space;
	struct stat status;

	if (stat(event->mount_point, &status) || statfs(event->mount_point, &space))
		return;
	if (mount->major ? status.st_dev != makedev(mount->major, mount->minor)
			 : space.f_type != BTRFS_SUPER_MAGIC)
		return;
	event->free_bytes = (uint64_t)space.f_bavail * (uint64_t)space.f_frsize;
}

static int count_mount(
	struct stream *stream, struct device *device, const struct device_event *event)
{
	uint32_t major = device->block.major, minor = device->block.minor;
	char path[DEVICE_PATH_BYTES];

	device_path(&device->block, path);
	if (event->action == DEVICE_MOUNTED) {
		device->mounts++;
		return release_mounted(stream->release, path, major, minor, event->mount_point);
	}
	if (device->mounts && --device->mounts)
		return 0;
	if (!device->attached) {
		device_list_remove(&stream->devices, device);
		return 0;
	}
	return release_begin(stream->release, path, major, minor, clock_monotonic_ns(), false);
}

static int complete_mount(
	struct stream *stream, struct device_event *event, const struct mount_info *mount)
{
	struct device *device = find_mounted(stream, mount);
	bool appeared = event->action == DEVICE_MOUNTED && event->visible;
	int error = 0;

	event->major = mount->major;
	event->minor = mount->minor;
	if (device && appeared)
		device_identify(device, stream->sysfs, mount->mount_point);
	if (device)
		error = copy_device(event, device);
	if (!error)
		error = copy_names(event, mount);
	if (error || !device)
		return error;
	if (appeared)
		look_at_space(event, mount);
	if (event->visible && event->action != DEVICE_FAILED)
		return count_mount(stream, device, event);
	return 0;
}

static void complete_attached(struct stream *stream, struct device_event *event)
{
	struct device *device =
		device_list_find(&stream->devices, event->serial, event->major, event->minor);

	if (!device || !device->attached)
		return;
	device->announced = true;
	device_identify(device, stream->sysfs, NULL);
	event->identity = device->identity;
}

static int complete(struct stream *stream, struct pending *pending)
{
	if (pending->is_mount)
		return complete_mount(stream, pending->event, &pending->mount);
	if (pending->event->action == DEVICE_ATTACHED)
		complete_attached(stream, pending->event);
	return 0;
}

int stream_next(struct stream *stream, struct device_event **ret_event)
{
	struct pending *pending;
	int error;

	if (!stream->first)
		return 0;
	if (stream->first->is_mount)
		attach_before(stream, &stream->first->mount);
	pending = queue_take(stream);
	error = complete(stream, pending);
	if (!error) {
		*ret_event = pending->event;
		pending->event = NULL;
	}
	pending_free(pending);
	return error ? error : 1;
}

/* ---- what is released ---- */

static int release_found(uint32_t major, uint32_t minor, void *context)
{
	struct stream *stream = context;
	const struct device *device = device_list_find(&stream->devices, false, major, minor),
			    *disk;
	char path[DEVICE_PATH_BYTES];
	int error;

	if (!device || device->mounts)
		return 0;
	error = stream_push(stream, device_describe(DEVICE_RELEASED, device));
	disk = device_list_find(
		&stream->devices, false, device->block.disk_major, device->block.disk_minor);
	if (error || !disk || disk == device)
		return error;
	return release_begin(stream->release, device_path(&disk->block, path), disk->block.major,
		disk->block.minor, 0, true);
}

int stream_check(struct stream *stream, uint64_t now_ns)
{
	return release_check(
		stream->release, now_ns, release_found, stream, &stream->release_wake_ns);
}
