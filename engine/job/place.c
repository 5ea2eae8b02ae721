/* SPDX-License-Identifier: MIT */
#include "job/place.h"

#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* The kernel's headers for programs name only some. */
#define CIFS_MAGIC 0xFF534D42
#define CEPH_MAGIC 0x00C36400
#define SMB2_MAGIC 0xFE534D42

static bool is_served(uint64_t type)
{
	switch (type) {
	case NFS_SUPER_MAGIC:
	case SMB_SUPER_MAGIC:
	case CIFS_MAGIC:
	case SMB2_MAGIC:
	case CEPH_MAGIC:
	case FUSE_SUPER_MAGIC:
		return true;
	default:
		return false;
	}
}

static bool reads_one(const char *directory, const char *name)
{
	char path[PATH_MAX + 32];
	FILE *file;
	int digit;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "re");
	if (!file)
		return false;
	digit = fgetc(file);
	fclose(file);
	return digit == '1';
}

/* A partition has no such attribute: its disk, one level up, does. */
static bool block_is_removable(const char *sysfs, dev_t device)
{
	char link[PATH_MAX], path[PATH_MAX];

	snprintf(link, sizeof(link), "%s/dev/block/%u:%u", sysfs, major(device), minor(device));
	if (!realpath(link, path))
		return false;
	return strstr(path, "/usb") || reads_one(path, "removable") ||
	       reads_one(path, "../removable");
}

/* A line of proc_pid_mountinfo(5), as far as it is of interest. */
struct mount_line {
	unsigned major;
	unsigned minor;
	char fstype[32];
	char source[PATH_MAX];
};

static bool read_line(char *line, struct mount_line *ret_line)
{
	char *rest = strstr(line, " - ");

	return rest && sscanf(line, "%*d %*d %u:%u", &ret_line->major, &ret_line->minor) == 2 &&
	       sscanf(rest, " - %31s %4095s", ret_line->fstype, ret_line->source) == 2;
}

static bool find_mount(const char *mountinfo, dev_t device, struct mount_line *ret_line)
{
	FILE *file = fopen(mountinfo, "re");
	size_t capacity = 0;
	char *line = NULL;
	bool found = false;

	if (!file)
		return false;
	while (!found && getline(&line, &capacity, file) > 0)
		found = read_line(line, ret_line) && ret_line->major == major(device) &&
			ret_line->minor == minor(device);
	free(line);
	fclose(file);
	return found;
}

/* Some filesystems have a number of their own instead of their device's. */
static dev_t device_below(const struct mount_line *mount, dev_t device)
{
	struct stat status;

	if (major(device) || stat(mount->source, &status) || !S_ISBLK(status.st_mode))
		return device;
	return status.st_rdev;
}

void place_describe(const char *sysfs, const char *mountinfo, uint64_t device, uint64_t type,
	struct place *ret_place)
{
	struct mount_line mount;

	*ret_place = (struct place){
		.in_memory = type == TMPFS_MAGIC || type == RAMFS_MAGIC,
		.served = is_served(type),
	};
	if (find_mount(mountinfo, device, &mount)) {
		device = device_below(&mount, device);
		snprintf(ret_place->name, sizeof(ret_place->name),
			ret_place->in_memory ? "%s" : "%s on %.40s", mount.fstype, mount.source);
	} else {
		snprintf(ret_place->name, sizeof(ret_place->name), "device %u:%u", major(device),
			minor(device));
	}
	if (!ret_place->in_memory)
		ret_place->removable = block_is_removable(sysfs, device);
}

bool place_is_removable(const char *sysfs, const char *mountinfo, uint64_t device)
{
	struct mount_line mount;

	if (!major(device) && find_mount(mountinfo, device, &mount))
		device = device_below(&mount, device);
	return block_is_removable(sysfs, device);
}
