/* SPDX-License-Identifier: MIT */
/*
 * Gives a copy the metadata of its source, in the one order that works: owner, then attributes and
 * ACLs (a change of owner removes file capabilities), then mode (both may change it, and setuid
 * must not come before the owner is right), then times.
 */
#ifndef ENGINE_IO_METADATA_H
#define ENGINE_IO_METADATA_H

#include <stdbool.h>
#include <sys/stat.h>

struct metadata_wish {
	bool mode;         /* and ACLs */
	bool default_mode; /* else: 0666, for directories 0777, instead of the source's */
	bool owner;
	bool times;
	bool xattr;
	bool flags;      /* by the caller, once the copy has its name: see io/inode_flags.h */
	bool privileged; /* may give files away: then a refusal is an error */
	mode_t umask;    /* for modes that aren't kept */
};

/* What the copy has already, as far as it matters. */
struct metadata_present {
	uid_t uid;
	gid_t gid;
	mode_t mode;
	bool acl;       /* it may have an ACL that the source hasn't */
	bool keep_mode; /* it was there before: only a mode that is to be kept changes its own */
};

enum metadata_part {
	METADATA_OWNER,
	METADATA_XATTR,
	METADATA_MODE,
	METADATA_TIMES,
	METADATA_PARTS,
};

struct metadata_result {
	int error[METADATA_PARTS]; /* 0 or -errno; XATTR -EOPNOTSUPP: the target can't hold them */
};

/* The permissions that a copy of `source` is to get: without set-id bits unless modes are kept. */
mode_t metadata_mode(const struct metadata_wish *wish, mode_t source);

/* Applies what is wished and not `present`. Each part is tried, whatever became of the others.
 * `source_fd` may be -1: then no attributes. Returns whether all went well. */
bool metadata_apply(const struct metadata_wish *wish, int source_fd, int target_fd,
	const struct stat *source, const struct metadata_present *present,
	struct metadata_result *ret_result);

/* The same for a symlink or special file, by its name in a directory. `path` names the same for
 * calls that know no directory descriptor, `source_path` the source (NULL: no attributes). */
bool metadata_apply_name(const struct metadata_wish *wish, int directory_fd, const char *name,
	const char *source_path, const struct stat *source, struct metadata_result *ret_result);

#endif
