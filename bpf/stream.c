/* SPDX-License-Identifier: MIT */
#include "bpf/stream.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include <linux/magic.h>

#include "util/clock.h"

/* An event that still lacks its facts. */
struct pending {
	TAILQ_ENTRY(pending) next;
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
	TAILQ_INIT(&ret_stream->queue);
	return 0;
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

	while ((pending = TAILQ_FIRST(&stream->queue))) {
		TAILQ_REMOVE(&stream->queue, pending, next);
		pending_free(pending);
	}
	release_close(stream->release);
	device_list_free(&stream->devices);
}

static uint64_t to_realtime(uint64_t monotonic_ns)
{
	if (!monotonic_ns)
		return clock_realtime_ns();
	return clock_realtime_ns() - (clock_monotonic_ns() - monotonic_ns);
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
	TAILQ_INSERT_TAIL(&stream->queue, pending, next);
	return 0;
}

/* ---- what is attached ---- */

static struct device_event *event_of_device(enum device_action action, const struct device *device)
{
	struct device_event *event = device_event_new(action, clock_realtime_ns());
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

static int detach(struct stream *stream, struct device *device)
{
	int error = stream_push(stream, event_of_device(DEVICE_DETACHED, device));

	release_forget(stream->release, device->block.major, device->block.minor);
	device->attached = false;
	/* Its unmount is still to come, and will want its name. */
	if (!device->mounts)
		device_list_remove(&stream->devices, device);
	return error;
}

static int attach(struct stream *stream, const struct block *block, bool serial)
{
	struct device *device = device_list_add(&stream->devices, block);

	if (!device)
		return -ENOMEM;
	device->serial = serial;
	return stream_push(stream, event_of_device(DEVICE_ATTACHED, device));
}

/* Compares a device in sysfs with what is known of it. */
static int update_block(const struct block *block, void *context)
{
	struct stream *stream = context;
	struct device *device =
		device_list_find(&stream->devices, false, block->major, block->minor);
	int error = 0;

	if (device && device->attached && device->block.generation == block->generation &&
		strcmp(device->block.name, block->name) == 0) {
		device->block.size_bytes = block->size_bytes;
		device->seen = true;
		return 0;
	}
	if (device && device->attached)
		error = detach(stream, device);
	device = device_list_find(&stream->devices, false, block->major, block->minor);
	/* Left over from before it was detached, still mounted: the new one takes its place. */
	if (device)
		device_list_remove(&stream->devices, device);
	return error ? error : attach(stream, block, false);
}

static int block_uevent(struct stream *stream, const struct uevent *uevent)
{
	struct device *device =
		device_list_find(&stream->devices, false, uevent->major, uevent->minor);
	struct block block;
	int error;

	if (uevent->action == UEVENT_OTHER)
		return 0;
	error = uevent->action == UEVENT_REMOVE
			? -ENODEV
			: block_read(stream->sysfs, uevent->major, uevent->minor, &block);
	if (!error)
		return update_block(&block, stream);
	return device && device->attached ? detach(stream, device) : 0;
}

static int update_serial(struct stream *stream, const char *name, uint32_t major, uint32_t minor)
{
	struct device *device = device_list_find(&stream->devices, true, major, minor);
	struct block block = {.major = major, .minor = minor};

	if (device) {
		device->seen = true;
		return 0;
	}
	if (strlen(name) >= sizeof(block.name))
		return 0;
	strcpy(block.name, name);
	return attach(stream, &block, true);
}

static int serial_uevent(struct stream *stream, const struct uevent *uevent)
{
	struct device *device =
		device_list_find(&stream->devices, true, uevent->major, uevent->minor);

	if (!uevent->device_name)
		return 0;
	if (uevent->action == UEVENT_ADD)
		return update_serial(stream, uevent->device_name, uevent->major, uevent->minor);
	if (uevent->action == UEVENT_REMOVE && device)
		return detach(stream, device);
	return 0;
}

int stream_uevent(struct stream *stream, const struct uevent *uevent)
{
	if (strcmp(uevent->subsystem, "block") == 0)
		return block_uevent(stream, uevent);
	if (strcmp(uevent->subsystem, "tty") == 0)
		return serial_uevent(stream, uevent);
	return 0;
}

static bool is_serial_name(const char *name)
{
	return strncmp(name, "ttyUSB", 6) == 0 || strncmp(name, "ttyACM", 6) == 0;
}

static int read_serial(struct stream *stream, const char *name)
{
	char path[PATH_MAX];
	uint32_t major, minor;
	FILE *file;
	int fields;

	snprintf(path, sizeof(path), "%s/class/tty/%s/dev", stream->sysfs, name);
	file = fopen(path, "re");
	if (!file)
		return 0;
	fields = fscanf(file, "%u:%u", &major, &minor);
	if (fclose(file) || fields != 2)
		return 0;
	return update_serial(stream, name, major, minor);
}

/* A machine without serial ports may lack the directory. */
static int scan_serial(struct stream *stream)
{
	char path[PATH_MAX];
	const struct dirent *entry;
	DIR *directory;
	int error = 0;

	snprintf(path, sizeof(path), "%s/class/tty", stream->sysfs);
	directory = opendir(path);
	while (directory && !error && (entry = readdir(directory))) {
		if (is_serial_name(entry->d_name))
			error = read_serial(stream, entry->d_name);
	}
	if (directory)
		closedir(directory);
	return error;
}

int stream_scan(struct stream *stream)
{
	int error;

	for (size_t i = 0; i < stream->devices.count; i++)
		stream->devices.device[i].seen = false;
	error = block_each(stream->sysfs, update_block, stream);
	if (!error)
		error = scan_serial(stream);
	for (size_t i = stream->devices.count; i-- > 0 && !error;) {
		struct device *device = &stream->devices.device[i];

		if (device->attached && !device->seen)
			error = detach(stream, device);
	}
	return error;
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
	struct pending *pending;
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
	pending = TAILQ_LAST(&stream->queue, pending_queue);
	pending->is_mount = true;
	pending->mount = mount;
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

static struct pending *find_attached(const struct stream *stream, const struct device *device)
{
	struct pending *pending;

	TAILQ_FOREACH(pending, &stream->queue, next)
	{
		if (!pending->is_mount && pending->event->action == DEVICE_ATTACHED &&
			pending->event->block && pending->event->major == device->block.major &&
			pending->event->minor == device->block.minor)
			return pending;
	}
	return NULL;
}

/* The uevent may come later than the mount. Puts what is to be told first in front. */
static void attach_before(struct stream *stream, const struct mount_info *mount)
{
	struct device *device = find_mounted(stream, mount);
	uint32_t major, minor;
	struct block block;
	struct pending *first;

	if (!device) {
		if (!device_number(mount, &major, &minor) ||
			block_read(stream->sysfs, major, minor, &block) != 0 ||
			attach(stream, &block, false) != 0)
			return;
		device = device_list_find(&stream->devices, false, major, minor);
	}
	if (device->announced)
		return;
	first = find_attached(stream, device);
	if (first) {
		TAILQ_REMOVE(&stream->queue, first, next);
		TAILQ_INSERT_HEAD(&stream->queue, first, next);
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
	struct device_event *facts = event_of_device(event->action, device);

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
	struct pending *pending = TAILQ_FIRST(&stream->queue);
	int error;

	if (!pending)
		return 0;
	if (pending->is_mount)
		attach_before(stream, &pending->mount);
	pending = TAILQ_FIRST(&stream->queue);
	TAILQ_REMOVE(&stream->queue, pending, next);
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
	error = stream_push(stream, event_of_device(DEVICE_RELEASED, device));
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
