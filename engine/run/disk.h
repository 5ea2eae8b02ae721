/* SPDX-License-Identifier: MIT */
/*
 * Which slow devices a job is about. A disk that turns, or hangs on a USB port, or is removable
 * loses most of its speed to a second stream; a fast one gains from it. What counts is the disk
 * itself: behind partitions, volumes, loop devices.
 */
#ifndef ENGINE_RUN_DISK_H
#define ENGINE_RUN_DISK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define DISKS_MAX 64

/* Numbers that tell devices apart: of disks, and of serial ports, which have one user at a time. */
struct disk_set {
	uint64_t disk[DISKS_MAX];
	unsigned count;
	bool full;     /* there were more */
	bool any_port; /* one whose name can't be told from those of others now */
};

bool disk_set_has(const struct disk_set *set, uint64_t disk);
void disk_set_add(struct disk_set *set, uint64_t disk);
/* Adds everything in `other`. */
void disk_set_join(struct disk_set *set, const struct disk_set *other);
bool disk_sets_meet(const struct disk_set *set, const struct disk_set *other);

/* Adds the slow disks behind a block device. `sysfs` is "/sys" but in tests. */
void disk_add_device(const char *sysfs, dev_t device, struct disk_set *set);

/* Adds those behind a path, or what will be made there. Asks the filesystem, so it may wait as long
 * as that takes to answer. Returns the filesystem's number, 0: unknown. */
dev_t disk_add_path(const char *sysfs, const char *path, struct disk_set *set);

/* Adds a serial port by any of its names (haul/serial.h). One that is not there may, when it comes,
 * turn out to be any. */
void disk_add_port(const char *name, struct disk_set *set);

/* Writes the name of a disk or port as in /dev, or its number, and returns it. */
const char *disk_name(const char *sysfs, uint64_t disk, char *ret_name, unsigned capacity);

#endif
