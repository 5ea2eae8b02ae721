/* SPDX-License-Identifier: MIT */
/*
 * The mounts that this process sees: the truth about what is mounted where.
 *
 * Read through listmount(2) and statmount(2) where the kernel has them with all that is needed
 * (6.13), and from the text of mountinfo (proc_pid_mountinfo(5)) elsewhere. The ids of the two have
 * nothing to do with each other, so tables are compared only with tables of the same reader.
 */
#ifndef BPF_MOUNT_TABLE_H
#define BPF_MOUNT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mount_info {
	uint64_t id;
	uint32_t major; /* of the filesystem: 0 when it lies on no block device, or on several */
	uint32_t minor;
	char *mount_point; /* as this process sees it */
	char *root;        /* what of the filesystem is mounted: "/" unless it is a bind mount */
	char *fstype;
	char *source; /* as it was given when mounted, mostly a device; "none" when nothing was */
	bool unwritable; /* read-only, or shut down after an error; mountinfo's reader alone tells
			  */
};

/* In rising order of ids: the youngest mount is the last where ids are not used again. */
struct mount_table {
	struct mount_info *mount;
	size_t count;
	size_t capacity;
};

enum mount_reader {
	MOUNT_READER_STATMOUNT,
	MOUNT_READER_MOUNTINFO,
};

/* Which reader works here. */
enum mount_reader mount_reader_choose(void);

/* Reads the table. `mountinfo_fd` is an open mountinfo, read from its start; only that reader needs
 * it. The caller frees the table. */
int mount_table_read(enum mount_reader reader, int mountinfo_fd, struct mount_table *ret_table);

/* The table that a text in mountinfo's format describes. -EPROTO when it is no such text. */
int mount_table_parse(const char *text, struct mount_table *ret_table);

/* Adds a mount and takes over its strings. On failure the caller keeps them. */
int mount_table_add(struct mount_table *table, struct mount_info *mount);
void mount_table_sort(struct mount_table *table);
void mount_table_free(struct mount_table *table);

/* The same mount at the same place. Ids alone don't tell: mountinfo's are used again at once, and a
 * moved mount keeps its own. */
bool mount_info_same(const struct mount_info *one, const struct mount_info *other);

/* The strings are this mount's own; NULL members are fine. */
int mount_info_copy(const struct mount_info *from, struct mount_info *ret_copy);
void mount_info_free(struct mount_info *mount);

#endif
