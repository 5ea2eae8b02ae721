/* SPDX-License-Identifier: MIT */
#include "io/inode_flags.h"

#include <errno.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>

#define FORBIDDING (FS_XFLAG_IMMUTABLE | FS_XFLAG_APPEND)
#define KEPT                                                                                       \
	(FORBIDDING | FS_XFLAG_SYNC | FS_XFLAG_NOATIME | FS_XFLAG_NODUMP | FS_XFLAG_PROJINHERIT)

static bool is_unknown(int error)
{
	return error == -ENOTTY || error == -EOPNOTSUPP || error == -EINVAL || error == -ENOSYS;
}

static int get(int fd, struct fsxattr *ret_flags)
{
	memset(ret_flags, 0, sizeof(*ret_flags));
	return ioctl(fd, FS_IOC_FSGETXATTR, ret_flags) ? -errno : 0;
}

static int set(int fd, struct fsxattr flags, uint32_t kept, uint32_t project)
{
	flags.fsx_xflags = (flags.fsx_xflags & ~(uint32_t)KEPT) | kept;
	flags.fsx_projid = project;
	return ioctl(fd, FS_IOC_FSSETXATTR, &flags) ? -errno : 0;
}

/* All at once, or, where that is refused, as much as the filesystem and the caller's rights allow:
 * first without the project, then the flags one by one. */
static int set_what_goes(int fd, const struct fsxattr *present, uint32_t wanted, uint32_t project)
{
	int first = set(fd, *present, wanted, project), error;
	uint32_t kept = 0;

	if (!first || !set(fd, *present, wanted, present->fsx_projid))
		return first;
	error = set(fd, *present, kept, project);
	if (error)
		project = present->fsx_projid;
	for (uint32_t bits = wanted; bits; bits &= bits - 1) {
		uint32_t bit = bits & -bits;

		if (!set(fd, *present, kept | bit, project))
			kept |= bit;
	}
	return first;
}

int inode_flags_copy(
	int source_fd, struct filesystem *source_filesystem, int target_fd, bool has_names_to_come)
{
	struct fsxattr source, target;
	uint32_t wanted;
	int error;

	if (source_fd < 0 || source_filesystem->no_inode_flags)
		return 0;
	error = get(source_fd, &source);
	if (error) {
		source_filesystem->no_inode_flags = is_unknown(error);
		return is_unknown(error) ? 0 : error;
	}
	wanted = source.fsx_xflags & KEPT;
	if (!wanted && !source.fsx_projid)
		return 0;
	error = get(target_fd, &target);
	if (error)
		return is_unknown(error) ? -EOPNOTSUPP : error;
	if (has_names_to_come)
		wanted &= ~(uint32_t)FORBIDDING;
	error = set_what_goes(target_fd, &target, wanted, source.fsx_projid);
	if (!error && has_names_to_come && source.fsx_xflags & FORBIDDING)
		return -EMLINK;
	return is_unknown(error) ? -EOPNOTSUPP : error;
}
