/* SPDX-License-Identifier: MIT */
/*
 * When is a device that was unmounted really free? The unmount is visible long before the last data
 * is written, and after `umount -l` the filesystem lives on until the last file is closed. A device
 * is released
 *
 *   - when it can be opened for exclusive use, which nothing that is mounted allows; the claim
 *     lasts microseconds, in which a mount of it would be refused;
 *   - where this process may not open it: when the watch on its mount point said that the
 * filesystem is gone (IN_UNMOUNT), and the device has written nothing more for a while.
 *
 * Where neither is possible, it is never said to be released.
 */
#ifndef BPF_RELEASE_H
#define BPF_RELEASE_H

#include <stdbool.h>
#include <stdint.h>

struct release;

/* `sysfs` must outlive it. */
int release_open(const char *sysfs, struct release **ret_release);
void release_close(struct release *release); /* NULL is fine */

/* Readable when a watch has something to say: call release_check then. */
int release_fd(const struct release *release);

/* A device was mounted (again): watches its mount point when `device` can't be opened. */
int release_mounted(struct release *release, const char *device, uint32_t major, uint32_t minor,
	const char *mount_point);

/* Its last mount is gone: release_check will look until it is released. `once`: only at the next
 * release_check, as for a disk whose partition was released. */
int release_begin(struct release *release, const char *device, uint32_t major, uint32_t minor,
	uint64_t now_ns, bool once);

/* It is detached. */
void release_forget(struct release *release, uint32_t major, uint32_t minor);

/* Calls `released` for each device that is found to be so, and forgets it. *ret_wake_ns is when to
 * look again, 0 for not before release_fd is readable or release_begin was called. */
typedef int release_fn(uint32_t major, uint32_t minor, void *context);
int release_check(struct release *release, uint64_t now_ns, release_fn *released, void *context,
	uint64_t *ret_wake_ns);

#endif
