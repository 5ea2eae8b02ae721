/* SPDX-License-Identifier: MIT */
#include "io/metadata.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/xattr.h"

#define PERMISSIONS 0777
#define SET_ID_BITS (S_ISUID | S_ISGID | S_ISVTX)

/* What a call works on: an open file, or what a name stands for, itself and not what it points to.
 */
struct subject {
	int fd;
	int flags;
	const char *name;
};

mode_t metadata_mode(const struct metadata_wish *wish, mode_t source)
{
	if (wish->mode)
		return source & (PERMISSIONS | SET_ID_BITS);
	if (wish->default_mode)
		source = S_ISDIR(source) ? 0777 : 0666;
	/* As mkdir has it, which takes the sticky bit along. */
	return source & (S_ISDIR(source) ? PERMISSIONS | S_ISVTX : PERMISSIONS) & ~wish->umask;
}

static int change_owner(const struct subject *subject, uid_t uid, gid_t gid)
{
	return fchownat(subject->fd, subject->name, uid, gid, subject->flags) ? -errno : 0;
}

/* Users may not give files away, but they may choose among their groups. As with cp that is no
 * error; *ret_kept tells it, since set-id bits must go with it. */
static int set_owner(const struct metadata_wish *wish, const struct subject *subject,
	const struct stat *source, const struct metadata_present *present, bool *ret_kept)
{
	uid_t uid = source->st_uid == present->uid ? (uid_t)-1 : source->st_uid;
	gid_t gid = source->st_gid == present->gid ? (gid_t)-1 : source->st_gid;
	int error;

	*ret_kept = true;
	if (!wish->owner || (uid == (uid_t)-1 && gid == (gid_t)-1))
		return 0;
	error = change_owner(subject, uid, gid);
	if (!error)
		return 0;
	*ret_kept = false;
	if (wish->privileged || (error != -EPERM && error != -EINVAL))
		return error;
	error = change_owner(subject, (uid_t)-1, source->st_gid);
	return error == -EPERM || error == -EINVAL ? 0 : error;
}

static int set_attributes(const struct metadata_wish *wish, int source_fd, int target_fd,
	const struct metadata_present *present, bool *ret_mode_touched)
{
	struct xattr_choice choice = {wish->mode, wish->xattr, !wish->privileged};
	bool acl = false;
	int error = 0;

	*ret_mode_touched = false;
	if (source_fd >= 0 && (wish->mode || wish->xattr))
		error = xattr_copy(source_fd, target_fd, choice, &acl);
	if (wish->mode && present->acl && !acl) {
		int removal = xattr_remove_acl(target_fd);

		error = error ? error : removal;
	}
	*ret_mode_touched = acl || (wish->mode && present->acl);
	return error;
}

static int set_times(const struct subject *subject, const struct stat *source)
{
	const struct timespec times[2] = {source->st_atim, source->st_mtim};

	if (!subject->name[0])
		return futimens(subject->fd, times) ? -errno : 0;
	return utimensat(subject->fd, subject->name, times, subject->flags) ? -errno : 0;
}

static bool all_well(const struct metadata_result *result)
{
	for (unsigned i = 0; i < METADATA_PARTS; i++)
		if (result->error[i])
			return false;
	return true;
}

bool metadata_apply(const struct metadata_wish *wish, int source_fd, int target_fd,
	const struct stat *source, const struct metadata_present *present,
	struct metadata_result *ret_result)
{
	struct subject subject = {.fd = target_fd, .flags = AT_EMPTY_PATH, .name = ""};
	struct metadata_result result = {.error = {0}};
	mode_t mode = metadata_mode(wish, source->st_mode);
	bool owner_kept, mode_touched;

	result.error[METADATA_OWNER] = set_owner(wish, &subject, source, present, &owner_kept);
	if (present->keep_mode && !wish->mode)
		mode = present->mode;
	if (!owner_kept)
		mode &= ~(mode_t)SET_ID_BITS;
	result.error[METADATA_XATTR] =
		set_attributes(wish, source_fd, target_fd, present, &mode_touched);
	if (mode_touched || mode != present->mode)
		result.error[METADATA_MODE] = fchmod(target_fd, mode) ? -errno : 0;
	if (wish->times)
		result.error[METADATA_TIMES] = set_times(&subject, source);
	*ret_result = result;
	return all_well(&result);
}

/* chmod has no way to say that a symlink must not be followed before Linux 6.6, so the mode goes
 * through a descriptor that stands for the name itself. */
static int set_mode_of_name(int directory_fd, const char *name, mode_t mode)
{
	int fd = openat(directory_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	char path[32];
	struct stat status;
	int error = 0;

	if (fd < 0)
		return -errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fstat(fd, &status) || S_ISLNK(status.st_mode))
		error = -ELOOP;
	else if ((status.st_mode & (PERMISSIONS | SET_ID_BITS)) != mode && chmod(path, mode))
		error = -errno;
	close(fd);
	return error;
}

static int set_attributes_of_name(const struct metadata_wish *wish, int directory_fd,
	const char *name, const char *source_path)
{
	struct xattr_choice choice = {wish->mode, wish->xattr, !wish->privileged};
	char path[32 + NAME_MAX + 1];

	if (!source_path || !(wish->mode || wish->xattr))
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", directory_fd, name);
	return xattr_copy_path(source_path, path, choice);
}

bool metadata_apply_name(const struct metadata_wish *wish, int directory_fd, const char *name,
	const char *source_path, const struct stat *source, struct metadata_result *ret_result)
{
	struct subject subject = {.fd = directory_fd, .flags = AT_SYMLINK_NOFOLLOW, .name = name};
	struct metadata_result result = {.error = {0}};
	mode_t mode = metadata_mode(wish, source->st_mode);
	struct stat present;
	struct metadata_present owner;
	bool owner_kept = true;

	memset(&present, 0, sizeof(present));
	if (fstatat(directory_fd, name, &present, AT_SYMLINK_NOFOLLOW))
		result.error[METADATA_OWNER] = -errno;
	owner = (struct metadata_present){
		.uid = present.st_uid,
		.gid = present.st_gid,
		.mode = present.st_mode,
	};
	if (!result.error[METADATA_OWNER])
		result.error[METADATA_OWNER] =
			set_owner(wish, &subject, source, &owner, &owner_kept);
	if (!owner_kept)
		mode &= ~(mode_t)SET_ID_BITS;
	result.error[METADATA_XATTR] =
		set_attributes_of_name(wish, directory_fd, name, source_path);
	if (!S_ISLNK(source->st_mode))
		result.error[METADATA_MODE] = set_mode_of_name(directory_fd, name, mode);
	if (wish->times)
		result.error[METADATA_TIMES] = set_times(&subject, source);
	*ret_result = result;
	return all_well(&result);
}
