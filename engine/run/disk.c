/* SPDX-License-Identifier: MIT */
#include "run/disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "bpf/block.h"
#include "haul/serial.h"

/* Volumes on arrays on partitions: real ones are three deep. */
#define DEPTH_MAX 8

#define PORT_BIT (UINT64_C(1) << 63)

bool disk_set_has(const struct disk_set *set, uint64_t disk)
{
	for (unsigned i = 0; i < set->count; i++)
		if (set->disk[i] == disk)
			return true;
	return false;
}

void disk_set_add(struct disk_set *set, uint64_t disk)
{
	if (disk_set_has(set, disk))
		return;
	if (set->count < DISKS_MAX)
		set->disk[set->count++] = disk;
	else
		set->full = true;
}

void disk_set_join(struct disk_set *set, const struct disk_set *other)
{
	for (unsigned i = 0; i < other->count; i++)
		disk_set_add(set, other->disk[i]);
	set->full |= other->full;
	set->any_port |= other->any_port;
}

static bool has_port(const struct disk_set *set)
{
	for (unsigned i = 0; i < set->count; i++)
		if (set->disk[i] & PORT_BIT)
			return true;
	return set->any_port;
}

bool disk_sets_meet(const struct disk_set *set, const struct disk_set *other)
{
	if ((set->any_port && has_port(other)) || (other->any_port && has_port(set)))
		return true;
	if ((set->full && other->count) || (other->full && set->count))
		return true;
	for (unsigned i = 0; i < set->count; i++)
		if (disk_set_has(other, set->disk[i]))
			return true;
	return false;
}

/* ---- what stands behind a device ---- */

static bool read_line(const char *path, char *ret_text, size_t capacity)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return false;
	got = read(fd, ret_text, capacity - 1);
	close(fd);
	if (got <= 0)
		return false;
	ret_text[got] = '\0';
	ret_text[strcspn(ret_text, "\n")] = '\0';
	return true;
}

static bool is_rotational(const char *sysfs, const struct block *block)
{
	char path[PATH_MAX], text[16];

	snprintf(path, sizeof(path), "%s/dev/block/%u:%u/queue/rotational", sysfs,
		block->disk_major, block->disk_minor);
	return read_line(path, text, sizeof(text)) && strcmp(text, "1") == 0;
}

static void add_below(const char *sysfs, dev_t device, struct disk_set *set, unsigned depth);

static bool read_part(const char *sysfs, dev_t whole, const char *name, dev_t *ret_part)
{
	char path[PATH_MAX], text[32];
	unsigned number[2];

	snprintf(path, sizeof(path), "%s/dev/block/%u:%u/slaves/%s/dev", sysfs, major(whole),
		minor(whole), name);
	if (!read_line(path, text, sizeof(text)) ||
		sscanf(text, "%u:%u", &number[0], &number[1]) != 2)
		return false;
	*ret_part = makedev(number[0], number[1]);
	return true;
}

/* The parts of a volume or array. False: it has none. */
static bool add_parts(const char *sysfs, dev_t device, struct disk_set *set, unsigned depth)
{
	char path[PATH_MAX];
	const struct dirent *entry;
	bool found = false;
	dev_t part;
	DIR *directory;

	snprintf(path, sizeof(path), "%s/dev/block/%u:%u/slaves", sysfs, major(device),
		minor(device));
	directory = opendir(path);
	if (!directory)
		return false;
	while ((entry = readdir(directory))) {
		if (!read_part(sysfs, device, entry->d_name, &part))
			continue;
		add_below(sysfs, part, set, depth + 1);
		found = true;
	}
	closedir(directory);
	return found;
}

/* A loop device is as slow as what its file lies on. */
static bool add_backing(const char *sysfs, dev_t device, struct disk_set *set, unsigned depth)
{
	char path[PATH_MAX], file[PATH_MAX];
	struct stat status;

	snprintf(path, sizeof(path), "%s/dev/block/%u:%u/loop/backing_file", sysfs, major(device),
		minor(device));
	if (!read_line(path, file, sizeof(file)) || stat(file, &status))
		return false;
	add_below(sysfs, S_ISBLK(status.st_mode) ? status.st_rdev : status.st_dev, set, depth + 1);
	return true;
}

static void add_below(const char *sysfs, dev_t device, struct disk_set *set, unsigned depth)
{
	struct block block;

	if (depth > DEPTH_MAX || add_parts(sysfs, device, set, depth) ||
		add_backing(sysfs, device, set, depth))
		return;
	if (block_read(sysfs, major(device), minor(device), &block))
		return;
	if (block.removable || block.usb || is_rotational(sysfs, &block))
		disk_set_add(set, makedev(block.disk_major, block.disk_minor));
}

void disk_add_device(const char *sysfs, dev_t device, struct disk_set *set)
{
	add_below(sysfs, device, set, 0);
}

/* ---- what stands behind a path ---- */

/* Some filesystems, such as btrfs, have a number that no device has: the mount tells its source. */
static dev_t mounted_device(const char *path)
{
	struct statx status;
	char line[2 * PATH_MAX], source[PATH_MAX];
	struct stat node;
	unsigned id, number[2];
	dev_t device = 0;
	FILE *table;

	if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_MNT_ID, &status) ||
		!(status.stx_mask & STATX_MNT_ID))
		return 0;
	table = fopen("/proc/self/mountinfo", "re");
	while (table && fgets(line, sizeof(line), table)) {
		const char *rest = strstr(line, " - ");

		if (sscanf(line, "%u %*u %u:%u", &id, &number[0], &number[1]) != 3 ||
			id != status.stx_mnt_id || !rest)
			continue;
		if (number[0])
			device = makedev(number[0], number[1]);
		else if (sscanf(rest, " - %*s %4095s", source) == 1 && *source == '/' &&
			 !stat(source, &node) && S_ISBLK(node.st_mode))
			device = node.st_rdev;
		break;
	}
	if (table)
		fclose(table);
	return device;
}

/* The nearest that exists: "a/b/c" -> "a/b" -> "a" -> ".". */
static bool find_existing(char *path, struct stat *ret_status)
{
	while (stat(path, ret_status)) {
		char *slash = strrchr(path, '/');

		if (slash == path && path[1])
			path[1] = '\0';
		else if (slash && slash != path)
			*slash = '\0';
		else if (!slash && strcmp(path, ".") != 0)
			strcpy(path, ".");
		else
			return false;
	}
	return true;
}

dev_t disk_add_path(const char *sysfs, const char *path, struct disk_set *set)
{
	char existing[PATH_MAX];
	struct stat status;

	if (!*path || strlen(path) >= sizeof(existing))
		return 0;
	strcpy(existing, path);
	if (!find_existing(existing, &status))
		return 0;
	if (S_ISBLK(status.st_mode))
		disk_add_device(sysfs, status.st_rdev, set);
	else
		disk_add_device(sysfs,
			major(status.st_dev) ? status.st_dev : mounted_device(existing), set);
	return status.st_dev;
}

void disk_add_port(const char *name, struct disk_set *set)
{
	struct haul_port_info info;
	struct stat status;

	if (haul_port_find(name, &info) || stat(info.path, &status))
		set->any_port = true;
	else
		disk_set_add(set, PORT_BIT | status.st_rdev);
}

/* ---- names ---- */

/* "ttyUSB0", from a link such as .../usb1/1-1/1-1:1.0/ttyUSB0/tty/ttyUSB0. */
static void port_name(const char *sysfs, dev_t device, char *ret_name, unsigned capacity)
{
	char path[PATH_MAX], link[PATH_MAX];
	ssize_t bytes;

	snprintf(path, sizeof(path), "%s/dev/char/%u:%u", sysfs, major(device), minor(device));
	bytes = readlink(path, link, sizeof(link) - 1);
	link[bytes > 0 ? bytes : 0] = '\0';
	if (strrchr(link, '/'))
		snprintf(ret_name, capacity, "%s", strrchr(link, '/') + 1);
	else
		snprintf(ret_name, capacity, "%u:%u", major(device), minor(device));
}

const char *disk_name(const char *sysfs, uint64_t disk, char *ret_name, unsigned capacity)
{
	struct block block;

	if (disk & PORT_BIT)
		port_name(sysfs, disk & ~PORT_BIT, ret_name, capacity);
	else if (!block_read(sysfs, major(disk), minor(disk), &block))
		snprintf(ret_name, capacity, "%s", block.name);
	else
		snprintf(ret_name, capacity, "%u:%u", major(disk), minor(disk));
	return ret_name;
}
