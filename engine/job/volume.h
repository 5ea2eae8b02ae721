/* SPDX-License-Identifier: MIT */
/*
 * The filesystems that a job stands on: which they are, whether they are there still, and where
 * they have come back. The mount table tells that one was unmounted, sysfs that its device is gone,
 * and a filesystem itself that it has given up. None of it needs privilege.
 */
#ifndef ENGINE_JOB_VOLUME_H
#define ENGINE_JOB_VOLUME_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/identity.h"
#include "bpf/mount_table.h"

struct uevent_socket;

enum volume_state {
	VOLUME_PRESENT = 0,
	VOLUME_UNMOUNTED,
	VOLUME_DETACHED,  /* its device is gone */
	VOLUME_READ_ONLY, /* it takes no writes any more */
	VOLUME_DEAD,      /* it, or its device, answers with errors alone */
};

struct volume {
	struct mount_info mount; /* that the job began on */
	uint64_t unique_id; /* of the mount: its other number is used again; 0: unknown (6.8) */
	uint32_t major;     /* of its block device; 0: it has none */
	uint32_t minor;
	uint64_t generation; /* of the medium, as block.h has it */
	char device[96];     /* "/dev/sdb1"; "" without a block device */
	struct identity identity;
	bool written; /* the job writes to it */
	enum volume_state state;
};

struct volume_table {
	struct volume *volume;
	unsigned count;
	int mountinfo_fd; /* poll it with POLLPRI; VOLUME_NO_FD */
	struct uevent_socket *uevents;
};

#define VOLUME_NO_FD (-1)

/* Opens what tells of changes, and leaves the table empty. -errno of open(2). */
int volume_table_open(struct volume_table *table);
void volume_table_close(struct volume_table *table); /* zeroed or closed is fine */
/* Readable when a device came or went; VOLUME_NO_FD where the kernel doesn't tell. */
int volume_table_uevent_fd(const struct volume_table *table);
/* The mounts of this moment; the caller frees them. */
int volume_table_read(const struct volume_table *table, struct mount_table *ret_mounts);

/* Adds the filesystem of a mount, or finds it. -ENOENT: it is not in `mounts`; -ENOMEM. */
int volume_table_add(struct volume_table *table, const struct mount_table *mounts,
	uint64_t mount_id, bool written, unsigned *ret_index);
void volume_table_clear(struct volume_table *table);

/* Takes off what the descriptors told. */
void volume_table_drain(struct volume_table *table);
/* Looks at the mount table and at sysfs: sets states, and says whether one is not present. */
bool volume_table_look(struct volume_table *table);
/* Looks at the filesystems and their devices, too. `error` (positive) is what an operation met;
 * `patient`: an error may come before its reason is to be seen, so look for it up to half a second.
 */
bool volume_table_examine(struct volume_table *table, int error, bool patient);
/* May this error (positive) mean that a device is gone? */
bool volume_error_is_grave(int error);

/* Can it be told again when it comes back? */
bool volume_is_known(const struct volume *volume);
/* Where it is mounted now, or NULL: not at all, or not so that it can be used. `same`: the mount
 * that it was lost on counts, too. */
const struct mount_info *volume_find(
	const struct volume *volume, const struct mount_table *mounts, bool same);

/* "'/media/cam' (/dev/sdb1) was unmounted" */
void volume_describe(const struct volume *volume, char *ret_text, size_t capacity);
/* "/dev/sdb1, UUID 1234-ABCD" */
void volume_name(const struct volume *volume, char *ret_text, size_t capacity);

#endif
