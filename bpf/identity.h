/* SPDX-License-Identifier: MIT */
/* What a filesystem calls itself. */
#ifndef BPF_IDENTITY_H
#define BPF_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#define IDENTITY_UUID_BYTES   64
#define IDENTITY_LABEL_BYTES  256 /* the longest that FS_IOC_GETFSLABEL gives */
#define IDENTITY_FSTYPE_BYTES 32

/* Empty strings: unknown, or there is none. */
struct identity {
	char fstype[IDENTITY_FSTYPE_BYTES];
	char uuid[IDENTITY_UUID_BYTES];
	char label[IDENTITY_LABEL_BYTES];
};

/* Reads the device itself with libblkid, which takes milliseconds and the right to read it. -ENOSYS
 * when built without it, -ENODATA when there is no filesystem that it knows. */
int identity_probe(const char *device, struct identity *ret_identity);

/* What udev found out (its database), for anyone to read. -ENOENT where there is no udev. */
int identity_udev(
	const char *directory, uint32_t major, uint32_t minor, struct identity *ret_identity);
#define IDENTITY_UDEV_DIRECTORY "/run/udev/data"

/* Asks a mounted filesystem. Needs no privilege, but holds the mount for microseconds, in which an
 * unmount would be refused. -ENODATA when it can't tell. */
int identity_ask(const char *mount_point, struct identity *ret_identity);
/* The same of one in which a directory is open, for reading. */
int identity_ask_open(int fd, struct identity *ret_identity);

/* The first that answers. `mount_point` may be NULL. -ENODATA: none does. */
int identity_find(const char *device, uint32_t major, uint32_t minor, const char *mount_point,
	struct identity *ret_identity);

#endif
