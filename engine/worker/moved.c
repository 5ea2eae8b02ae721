/* SPDX-License-Identifier: MIT */
#include "worker/moved.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "worker/namesake.h"

#define COMPARED_BYTES 32768

static bool same_link(int source_fd, const char *source, int target_fd, const char *target)
{
	char a[PATH_MAX], b[PATH_MAX];
	ssize_t a_bytes = readlinkat(source_fd, source, a, sizeof(a));
	ssize_t b_bytes = readlinkat(target_fd, target, b, sizeof(b));

	return a_bytes > 0 && a_bytes == b_bytes && !memcmp(a, b, (size_t)a_bytes);
}

/* Times are kept as exactly as the destination can: FAT counts every other second. */
static bool is_near(const struct timespec *a, const struct timespec *b)
{
	return llabs(a->tv_sec - b->tv_sec) <= 2;
}

static bool same_rest(int source_fd, int target_fd)
{
	char a[COMPARED_BYTES], b[COMPARED_BYTES];
	off_t offset = 0;

	for (;;) {
		ssize_t a_bytes = pread(source_fd, a, sizeof(a), offset);
		ssize_t b_bytes = pread(target_fd, b, sizeof(b), offset);

		if (a_bytes < 0 || a_bytes != b_bytes || memcmp(a, b, (size_t)a_bytes) != 0)
			return false;
		if (!a_bytes)
			return true;
		offset += a_bytes;
	}
}

static bool same_content(const struct work *work, const char *name, const char *target_name)
{
	int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	int source_fd = openat(work->source->fd, name, flags);
	int target_fd = openat(work->target->fd, target_name, flags);
	bool same = source_fd >= 0 && target_fd >= 0 && same_rest(source_fd, target_fd);

	if (source_fd >= 0)
		close(source_fd);
	if (target_fd >= 0)
		close(target_fd);
	return same;
}

/* Times tell, where the destination keeps them: a time of change alone doesn't, since a server's
 * clock may lag. Otherwise the content does. */
static bool same_file(const struct executor *executor, const struct work *work, const char *name,
	const char *target_name, const struct stat *a, const struct stat *b)
{
	if (a->st_size != b->st_size)
		return false;
	if (a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec)
		return true;
	if (is_near(&a->st_mtim, &b->st_mtim) &&
		!source_changed_since(a, options_begun_ns(&executor->options)))
		return true;
	return same_content(work, name, target_name);
}

/* A move of chosen entries adds to directories that are there, and what is in them already may have
 * been let be. Whether a file at the destination is the job's copy shows in its time of change, or,
 * where a filesystem has none, in its content. */
static bool is_ours(const struct executor *executor, const struct work *work, const char *name,
	const char *target_name, const struct stat *source, const struct stat *target)
{
	if (!S_ISREG(target->st_mode))
		return true;
	if (!is_near(&source->st_mtim, &target->st_mtim))
		return false;
	return source_changed_since(target, options_begun_ns(&executor->options)) ||
	       same_content(work, name, target_name);
}

int moved_check(const struct executor *executor, const struct work *work, const char *name,
	const char *target_name)
{
	int source_fd = work->source->fd, target_fd;
	struct stat source, target;

	if (!(work->item->flags & ITEM_MOVED))
		return 0;
	target_fd = work->target->fd;
	/* What somebody else has removed already is not in doubt. */
	if (fstatat(source_fd, name, &source, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : -EBUSY;
	if (fstatat(target_fd, target_name, &target, AT_SYMLINK_NOFOLLOW) ||
		(source.st_mode & S_IFMT) != (target.st_mode & S_IFMT))
		return -EBUSY;
	if (work->item->flags & ITEM_DOUBTED && namesake_has_place(work->target, target_name))
		return -EEXIST;
	if (executor->options.by_entry &&
		!is_ours(executor, work, name, target_name, &source, &target))
		return -EEXIST;
	if (S_ISREG(source.st_mode))
		return same_file(executor, work, name, target_name, &source, &target) ? 0 : -EBUSY;
	if (S_ISLNK(source.st_mode))
		return same_link(source_fd, name, target_fd, target_name) ? 0 : -EBUSY;
	return source.st_rdev == target.st_rdev ? 0 : -EBUSY;
}

/* Removing a name changes its file's time of change, so that the journal of a move that was killed
 * meanwhile doesn't know the file by its further names any more. */
bool moved_copy_stands(const struct executor *executor, const struct work *work, const char *name,
	const char *target_name, const struct stat *source)
{
	int64_t since_ns = executor->options.durable_from_ns;
	struct stat target;

	if (executor->options.operation != JOB_MOVE || !since_ns || !executor->policy.replace_links)
		return false;
	if (fstatat(work->target->fd, target_name, &target, AT_SYMLINK_NOFOLLOW))
		return false;
	return S_ISREG(target.st_mode) && target.st_nlink > 1 &&
	       target.st_size == source->st_size && target.st_mode == source->st_mode &&
	       is_near(&source->st_mtim, &target.st_mtim) &&
	       source_changed_since(&target, since_ns) && same_content(work, name, target_name);
}
