/* SPDX-License-Identifier: MIT */
#include "io/filesystem.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>

/*
 * A FUSE filesystem with direct_io may answer a read with less than was asked for. The ring then
 * asks for the rest by itself, and puts it elsewhere than behind the first part, but says that all
 * is well: seen on Linux 6.18, with liburing alone. tests/fault/odd_world.sh has such a filesystem.
 */
#define FUSE_MAGIC 0x65735546

/* Others (FAT, FUSE, some of the network) make numbers up when they see a file anew. */
static bool has_lasting_inodes(long type)
{
	return type == EXT4_SUPER_MAGIC || type == XFS_SUPER_MAGIC || type == BTRFS_SUPER_MAGIC ||
	       type == F2FS_SUPER_MAGIC || type == TMPFS_MAGIC;
}

static int filesystem_add(
	struct filesystem_table *table, int fd, dev_t device, struct filesystem **ret_filesystem)
{
	struct filesystem *filesystem;
	struct statfs status;

	if (fstatfs(fd, &status))
		return -errno;
	filesystem = calloc(1, sizeof(*filesystem));
	if (!filesystem)
		return -ENOMEM;
	filesystem->device = device;
	filesystem->type = (uint64_t)status.f_type;
	filesystem->in_memory = status.f_type == TMPFS_MAGIC || status.f_type == RAMFS_MAGIC;
	filesystem->lasting_inodes = has_lasting_inodes(status.f_type);
	filesystem->no_ring = status.f_type == FUSE_MAGIC;
	filesystem->next = table->first;
	table->first = filesystem;
	*ret_filesystem = filesystem;
	return 0;
}

int filesystem_find(struct filesystem_table *table, int fd, struct filesystem **ret_filesystem)
{
	struct stat status;

	if (fstat(fd, &status))
		return -errno;
	for (struct filesystem *each = table->first; each; each = each->next) {
		if (each->device == status.st_dev) {
			*ret_filesystem = each;
			return 0;
		}
	}
	return filesystem_add(table, fd, status.st_dev, ret_filesystem);
}

void filesystem_table_free(struct filesystem_table *table)
{
	struct filesystem *next;

	for (struct filesystem *each = table->first; each; each = next) {
		next = each->next;
		free(each);
	}
	table->first = NULL;
}
