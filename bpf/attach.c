/* SPDX-License-Identifier: MIT */
#include "bpf/attach.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static int detach(struct stream *stream, struct device *device)
{
	int error = stream_push(stream, device_describe(DEVICE_DETACHED, device));

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
	return stream_push(stream, device_describe(DEVICE_ATTACHED, device));
}

int attach_block(struct stream *stream, const struct block *block)
{
	return attach(stream, block, false);
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
	return error ? error : attach_block(stream, block);
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

int attach_uevent(struct stream *stream, const struct uevent *uevent)
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

int attach_scan(struct stream *stream)
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
