/* SPDX-License-Identifier: MIT */
/* What the system tells about the filesystem that has a device number. */
#ifndef ENGINE_JOB_PLACE_H
#define ENGINE_JOB_PLACE_H

#include <stdbool.h>
#include <stdint.h>

struct place {
	char name[64];  /* for people: "ext4 on /dev/sdb1" */
	bool in_memory; /* there is no device behind it */
	bool served;    /* by another program or machine, which may copy by itself */
	bool removable; /* a stick or card, or anything behind USB */
};

/* `device` as stat(2) tells it, `type` as statfs(2) does. `sysfs` and `mountinfo` are where the
 * kernel shows them, for tests to be elsewhere. */
void place_describe(const char *sysfs, const char *mountinfo, uint64_t device, uint64_t type,
	struct place *ret_place);
/* The same as `removable` tells, for less. */
bool place_is_removable(const char *sysfs, const char *mountinfo, uint64_t device);

#endif
