/* SPDX-License-Identifier: MIT */
#include "io/target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#define OWNER_ONLY 0600

/* One is taken where the same directory is copied to by two ways at once. */
#define NAME_TRIES 5

void target_temporary_name(uint64_t salt, const char *name, unsigned attempt, char *ret_name)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint64_t bits = XXH3_64bits_withSeed(name, strlen(name), salt + attempt);

	memcpy(ret_name, ".haul.", 6);
	for (unsigned i = 0; i < 8; i++, bits >>= 5)
		ret_name[6 + i] = digits[bits & 31];
	ret_name[14] = '\0';
}

void target_clear_temporary(int directory_fd, uint64_t salt, const char *name)
{
	char temporary[TARGET_TEMPORARY_BYTES];

	target_temporary_name(salt, name, 0, temporary);
	/* Mostly there is none. One that can't be removed now can't be replaced either, and is
	 * told then. */
	(void)unlinkat(directory_fd, temporary, 0);
}

static int create_temporary(struct target *target)
{
	int fd = -1;

	for (unsigned i = 0; i < NAME_TRIES && fd < 0; i++) {
		target_temporary_name(target->salt, target->name, i, target->temporary);
		fd = openat(target->directory_fd, target->temporary,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, OWNER_ONLY);
		if (fd < 0 && errno != EEXIST && errno != EINTR)
			break;
	}
	if (fd < 0)
		return -errno;
	target->fd = fd;
	target->kind = TARGET_TEMPORARY;
	return 0;
}

/* ENOENT comes from kernels that look for the name, EISDIR and EINVAL from filesystems that know
 * only the other flags in O_TMPFILE. */
static bool refuses_unnamed(int error)
{
	return error == EOPNOTSUPP || error == EISDIR || error == ENOENT || error == EINVAL;
}

/*
 * Processor time for each file of 4 KiB in microseconds, made in place, without a name and linked,
 * and under a temporary name and renamed: ext4 23, 28, 41; xfs 24, 29, 37; btrfs 27, 36, 45; tmpfs
 * 9, 13, 15 (Linux 6.18, bench/whole.c). So that a file is whole when it appears costs a fifth to a
 * third of making it on a disk, and that is little beside reading the source and its metadata: it
 * is the default, and O_TMPFILE the way wherever it is there.
 */
int target_create(struct target *target, mode_t mode, mode_t *ret_mode)
{
	int error;

	if (!target->filesystem->no_unnamed_file) {
		int fd = openat(
			target->directory_fd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, mode & 0777);

		if (fd >= 0) {
			target->fd = fd;
			target->kind = TARGET_UNNAMED;
			*ret_mode = mode & 0777;
			return 0;
		}
		if (!refuses_unnamed(errno))
			return -errno;
	}
	error = create_temporary(target);
	if (error)
		return error;
	/* Learnt only now: a directory that was removed meanwhile gives ENOENT, too. */
	target->filesystem->no_unnamed_file = true;
	*ret_mode = OWNER_ONLY;
	return 0;
}

int target_create_named(struct target *target, mode_t *ret_mode)
{
	int fd = openat(target->directory_fd, target->name,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, OWNER_ONLY);

	if (fd < 0)
		return -errno;
	target->fd = fd;
	target->kind = TARGET_IN_PLACE;
	*ret_mode = OWNER_ONLY;
	return 0;
}

static int link_through_proc(const struct target *target)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", target->fd);
	if (linkat(AT_FDCWD, path, target->directory_fd, target->name, AT_SYMLINK_FOLLOW))
		return -errno;
	return 0;
}

/* Before Linux 6.10 linking a descriptor takes CAP_DAC_READ_SEARCH, and fails with ENOENT. */
static int link_unnamed(struct target *target)
{
	int error;

	if (target->filesystem->no_link_by_fd)
		return link_through_proc(target);
	if (!linkat(target->fd, "", target->directory_fd, target->name, AT_EMPTY_PATH))
		return 0;
	if (errno != ENOENT && errno != EINVAL)
		return -errno;
	error = link_through_proc(target);
	if (!error)
		target->filesystem->no_link_by_fd = true;
	return error;
}

int target_rename_exclusive(
	struct filesystem *filesystem, int directory_fd, const char *from, const char *to)
{
	if (!filesystem->no_exclusive_rename) {
		if (!renameat2(directory_fd, from, directory_fd, to, RENAME_NOREPLACE))
			return 0;
		if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
			return -errno;
		filesystem->no_exclusive_rename = true;
	}
	if (!linkat(directory_fd, from, directory_fd, to, 0))
		return unlinkat(directory_fd, from, 0) ? -errno : 0;
	if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS && errno != EMLINK)
		return -errno;
	/* Neither: FAT through FUSE, say. Between the look and the rename there is a gap. */
	if (!faccessat(directory_fd, to, F_OK, AT_SYMLINK_NOFOLLOW))
		return -EEXIST;
	return renameat(directory_fd, from, directory_fd, to) ? -errno : 0;
}

int target_publish(struct target *target)
{
	int error = 0;

	switch (target->kind) {
	case TARGET_UNNAMED:
		return link_unnamed(target);
	case TARGET_TEMPORARY:
		error = target_rename_exclusive(
			target->filesystem, target->directory_fd, target->temporary, target->name);
		if (!error)
			target->kind = TARGET_IN_PLACE;
		return error;
	case TARGET_IN_PLACE:
		break;
	}
	return error;
}

int target_flush(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (copy < 0)
		return -errno;
	return close(copy) && errno != EINTR ? -errno : 0;
}

/* Renaming onto another name of the same inode does nothing at all, so the temporary name goes in
 * any case. */
static int rename_over(struct target *target)
{
	if (renameat(target->directory_fd, target->temporary, target->directory_fd, target->name))
		return -errno;
	(void)unlinkat(target->directory_fd, target->temporary, 0);
	target->kind = TARGET_IN_PLACE;
	return 0;
}

int target_publish_over(struct target *target)
{
	struct target named = *target;
	int error;

	if (target->kind == TARGET_IN_PLACE)
		return 0;
	if (target->kind == TARGET_UNNAMED) {
		target_temporary_name(target->salt, target->name, 0, target->temporary);
		named.name = target->temporary;
		error = link_unnamed(&named);
		if (error)
			return error;
		target->kind = TARGET_TEMPORARY;
	}
	return rename_over(target);
}

int target_close(struct target *target)
{
	int fd = target->fd;

	target->fd = TARGET_NONE;
	if (close(fd) && errno != EINTR)
		return -errno;
	return 0;
}

void target_abandon(struct target *target)
{
	if (target->fd == TARGET_NONE)
		return;
	close(target->fd);
	target->fd = TARGET_NONE;
	if (target->kind == TARGET_TEMPORARY)
		unlinkat(target->directory_fd, target->temporary, 0);
}

static enum target_found classify(const struct stat *found, const struct stat *source)
{
	if (S_ISDIR(found->st_mode))
		return TARGET_DIRECTORY;
	if (source && found->st_dev == source->st_dev && found->st_ino == source->st_ino)
		return TARGET_SAME;
	return S_ISREG(found->st_mode) ? TARGET_OPENED : TARGET_OTHER;
}

int target_look(
	int directory_fd, const char *name, const struct stat *source, struct stat *ret_status)
{
	struct stat behind;

	if (fstatat(directory_fd, name, ret_status, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? TARGET_ABSENT : -errno;
	if (S_ISLNK(ret_status->st_mode) && !fstatat(directory_fd, name, &behind, 0) &&
		classify(&behind, source) == TARGET_SAME)
		return TARGET_SAME;
	return classify(ret_status, source);
}

/* What may be waited for is opened only when that is wanted. */
static int open_flags(struct target_manner manner)
{
	return O_WRONLY | O_NOCTTY | O_CLOEXEC | (manner.follow ? 0 : O_NOFOLLOW) |
	       (manner.special ? 0 : O_NONBLOCK) | (manner.create ? O_CREAT : 0);
}

static bool may_be_written(int found, struct target_manner manner)
{
	return found == TARGET_OPENED || (found == TARGET_OTHER && manner.special);
}

/* Truncated only when it is known to be the right file, and not the source under another name. */
static int judge_opened(
	int fd, struct target_manner manner, const struct stat *source, struct stat *ret_status)
{
	int found;

	if (fstat(fd, ret_status))
		return -errno;
	found = classify(ret_status, source);
	if (found == TARGET_OPENED && ret_status->st_size && !manner.keep_content &&
		ftruncate(fd, 0))
		return -errno;
	return found;
}

int target_open_existing(struct target *target, struct target_manner manner,
	const struct stat *source, struct stat *ret_status)
{
	int found, fd = openat(target->directory_fd, target->name, open_flags(manner),
			   manner.create_mode);

	if (fd < 0 && (errno == ELOOP || errno == ENXIO))
		return TARGET_OTHER;
	if (fd < 0 && errno == EISDIR)
		return TARGET_DIRECTORY;
	if (fd < 0)
		return errno == ENOENT ? TARGET_ABSENT : -errno;
	found = judge_opened(fd, manner, source, ret_status);
	if (may_be_written(found, manner)) {
		target->fd = fd;
		target->kind = TARGET_IN_PLACE;
		return TARGET_OPENED;
	}
	close(fd);
	return found;
}
