/* SPDX-License-Identifier: MIT */
/*
 * How well a probe's record fits a mount. The record has names as the caller wrote them, relative
 * or through symbolic links, and the kernel's guess at the mount, which is wrong now and then when
 * several processes mount at once; so no one sign decides.
 */
#ifndef BPF_MOUNT_MATCH_H
#define BPF_MOUNT_MATCH_H

#include "bpf/mount_table.h"
#include "bpf/mountprobe.h"

#define MATCH_SURE           8 /* the path as it is */
#define MATCH_ENOUGH         4 /* a path, or the mount's id */
#define MATCH_ENOUGH_FOREIGN 3 /* device, source and type: for a mount that was propagated here */

/* `target` is the record's, made plain by match_plain_path. */
unsigned match_mount(
	const struct mountprobe_record *record, const char *target, const struct mount_info *mount);

/* Was it mounted after the call? The guess is the youngest mount of the caller's namespace, so one
 * of the same namespace with a larger id is younger still; where ids are used again, nobody knows.
 */
bool match_is_younger(const struct mountprobe_record *record, const struct mount_info *mount);

/* For an unmount only the path is known. 0: does not fit. */
unsigned match_path(const char *target, const char *mount_point);

/* Is `path` the same as `above`, or below it? */
bool match_is_below(const char *path, const char *above);

/* Removes in place doubled and trailing slashes and components that are a dot. */
void match_plain_path(char *path);

#endif
