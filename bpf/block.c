/* SPDX-License-Identifier: MIT */
#include "bpf/block.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECTOR_BYTES    512 /* in sysfs, whatever the device's own are */
#define ATTRIBUTE_BYTES 4096

/* Reads a small file below `directory`, without its last newline. */
static int read_attribute(int directory, const char *name, char *ret_text, size_t capacity)
{
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return -errno;
	got = read(fd, ret_text, capacity - 1);
	if (got < 0) {
		got = -errno;
		close(fd);
		return (int)got;
	}
	close(fd);
	ret_text[got] = '\0';
	ret_text[strcspn(ret_text, "\n")] = '\0';
	return 0;
}

static bool attribute_number(int directory, const char *name, uint64_t *ret_number)
{
	char text[64], *end;

	if (read_attribute(directory, name, text, sizeof(text)) || !text[0])
		return false;
	*ret_number = strtoull(text, &end, 10);
	return !*end;
}

static bool attribute_device(int directory, const char *name, uint32_t *major, uint32_t *minor)
{
	char text[64];

	return !read_attribute(directory, name, text, sizeof(text)) &&
	       sscanf(text, "%u:%u", major, minor) == 2;
}

/* The name in /dev, which may have slashes where sysfs has exclamation marks. */
static int read_name(int directory, char ret_name[BLOCK_NAME_BYTES])
{
	char text[ATTRIBUTE_BYTES] = "\n", *name;
	int fd = openat(directory, "uevent", O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return -errno;
	got = read(fd, text + 1, sizeof(text) - 2);
	close(fd);
	if (got < 0)
		return -ENODEV;
	text[1 + got] = '\0';
	name = strstr(text, "\nDEVNAME=");
	if (!name)
		return -ENODEV;
	name += strlen("\nDEVNAME=");
	name[strcspn(name, "\n")] = '\0';
	if (strlen(name) >= BLOCK_NAME_BYTES)
		return -ENAMETOOLONG;
	strcpy(ret_name, name);
	return 0;
}

static bool is_empty_loop(int directory)
{
	char text[2];

	/* The directory is there while a file is attached. */
	return read_attribute(directory, "loop/backing_file", text, sizeof(text)) != 0;
}

/* A card reader without a card has no size, nor has a network device without a server; but a new
 * zram has none, either, and no uevent tells when it is given one. */
static bool holds_nothing(int directory, const struct block *block, bool partition)
{
	if (!partition && strncmp(block->name, "loop", 4) == 0 && is_empty_loop(directory))
		return true;
	return !block->size_bytes &&
	       (partition || block->removable || strncmp(block->name, "nbd", 3) == 0);
}

static bool is_on_usb(const char *sysfs, uint32_t major, uint32_t minor)
{
	char link[PATH_MAX], path[PATH_MAX];

	snprintf(link, sizeof(link), "%s/dev/block/%u:%u", sysfs, major, minor);
	return realpath(link, path) && strstr(path, "/usb");
}

static int read_at(const char *sysfs, int directory, struct block *block)
{
	uint64_t sectors = 0, removable = 0;
	bool partition = faccessat(directory, "partition", F_OK, 0) == 0;
	int error = read_name(directory, block->name);

	if (error)
		return error;
	if (!attribute_number(directory, "size", &sectors))
		return -ENODEV;
	block->size_bytes = sectors * SECTOR_BYTES;
	block->disk_major = block->major;
	block->disk_minor = block->minor;
	/* A partition's directory lies in its disk's. */
	if (partition &&
		!attribute_device(directory, "../dev", &block->disk_major, &block->disk_minor))
		return -ENODEV;
	if (attribute_number(directory, partition ? "../removable" : "removable", &removable))
		block->removable = removable != 0;
	if (!attribute_number(directory, partition ? "../diskseq" : "diskseq", &block->generation))
		block->generation = 0;
	block->usb = is_on_usb(sysfs, block->major, block->minor);
	return holds_nothing(directory, block, partition) ? -ENODEV : 0;
}

static int open_device(const char *sysfs, uint32_t major, uint32_t minor)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/dev/block/%u:%u", sysfs, major, minor);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -ENODEV : fd;
}

int block_read(const char *sysfs, uint32_t major, uint32_t minor, struct block *ret_block)
{
	struct block block = {.major = major, .minor = minor};
	int directory = open_device(sysfs, major, minor), error;

	if (directory < 0)
		return directory;
	error = read_at(sysfs, directory, &block);
	close(directory);
	if (!error)
		*ret_block = block;
	/* It may be taken away while it is read. */
	return error == -ENOENT ? -ENODEV : error;
}

struct number {
	uint32_t major;
	uint32_t minor;
};

static int compare_blocks(const void *left, const void *right)
{
	const struct block *one = left, *other = right;
	bool first = one->minor == one->disk_minor && one->major == one->disk_major;
	bool second = other->minor == other->disk_minor && other->major == other->disk_major;

	if (first != second)
		return first ? -1 : 1;
	if (one->major != other->major)
		return one->major < other->major ? -1 : 1;
	return (one->minor > other->minor) - (one->minor < other->minor);
}

static int add_block(struct block **list, size_t *count, const struct block *block)
{
	struct block *grown = reallocarray(*list, *count + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	grown[(*count)++] = *block;
	*list = grown;
	return 0;
}

static int list_blocks(const char *sysfs, DIR *directory, struct block **list, size_t *count)
{
	const struct dirent *entry;
	struct block block;
	struct number number;
	int error = 0;

	while (!error && (entry = readdir(directory))) {
		if (sscanf(entry->d_name, "%u:%u", &number.major, &number.minor) != 2)
			continue;
		if (block_read(sysfs, number.major, number.minor, &block) == 0)
			error = add_block(list, count, &block);
	}
	return error;
}

int block_each(
	const char *sysfs, int (*found)(const struct block *block, void *context), void *context)
{
	char path[PATH_MAX];
	struct block *list = NULL;
	size_t count = 0;
	DIR *directory;
	int error;

	snprintf(path, sizeof(path), "%s/dev/block", sysfs);
	directory = opendir(path);
	if (!directory)
		return -errno;
	error = list_blocks(sysfs, directory, &list, &count);
	closedir(directory);
	if (count > 1)
		qsort(list, count, sizeof(*list), compare_blocks);
	for (size_t i = 0; i < count && !error; i++)
		error = found(&list[i], context);
	free(list);
	return error;
}

int block_activity_read(
	const char *sysfs, uint32_t major, uint32_t minor, struct block_activity *ret_activity)
{
	char text[ATTRIBUTE_BYTES];
	struct block_activity activity;
	int directory = open_device(sysfs, major, minor), error;

	if (directory < 0)
		return directory;
	error = read_attribute(directory, "stat", text, sizeof(text));
	close(directory);
	if (error)
		return error;
	if (sscanf(text, "%*u %*u %*u %*u %*u %*u %lu %*u %lu", &activity.sectors_written,
		    &activity.in_flight) != 2)
		return -EPROTO;
	*ret_activity = activity;
	return 0;
}
