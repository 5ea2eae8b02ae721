/* SPDX-License-Identifier: MIT */
/*
 * Block devices as sysfs knows them: the truth about what is attached, as the mount table is about
 * what is mounted. `sysfs` is where it is mounted, "/sys" but in tests.
 */
#ifndef BPF_BLOCK_H
#define BPF_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BLOCK_NAME_BYTES 64

struct block {
	char name[BLOCK_NAME_BYTES]; /* below /dev: "sdb1" */
	uint32_t major;
	uint32_t minor;
	uint32_t disk_major; /* of the whole disk when this is a partition, else its own */
	uint32_t disk_minor;
	uint64_t size_bytes;
	uint64_t generation; /* of the medium, never the same twice (diskseq, 5.15); 0: unknown */
	bool removable;      /* the disk says that its medium is */
	bool usb;            /* it hangs on a USB port */
};

/* Reads one device by number. -ENODEV: there is none, or it holds nothing: a card reader without a
 * card, a loop device without a file. */
int block_read(const char *sysfs, uint32_t major, uint32_t minor, struct block *ret_block);

/* Calls `found` for every device that holds something, disks before their partitions. Stops when
 * it returns other than 0, and returns that. */
int block_each(
	const char *sysfs, int (*found)(const struct block *block, void *context), void *context);

/* What the device has written and what it is still writing, for a look at whether it rests. */
struct block_activity {
	uint64_t sectors_written;
	uint64_t in_flight;
};
int block_activity_read(
	const char *sysfs, uint32_t major, uint32_t minor, struct block_activity *ret_activity);

#endif
