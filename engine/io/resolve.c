/* SPDX-License-Identifier: MIT */
#include "io/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* RESOLVE_BENEATH gives -EAGAIN when something was renamed meanwhile: that many times in a row is
 * no accident. */
#define RETRIES_MAX 64

struct walk {
	int flags;
	bool follow;
	bool *step_by_step;
};

static int open_beneath(const struct walk *walk, int fd, const char *path)
{
	struct open_how how = {
		.flags = (uint64_t)walk->flags | (walk->follow ? 0 : O_NOFOLLOW),
		.resolve = walk->follow
				   ? 0
				   : RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	long opened = -1;

	for (unsigned i = 0; i < RETRIES_MAX; i++) {
		opened = syscall(SYS_openat2, fd, path, &how, sizeof(how));
		if (opened >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	return opened < 0 ? -errno : (int)opened;
}

/* One name at a time, each refused if it is a symlink. ".." never comes from a directory listing,
 * and would lead out. */
static int open_step(const struct walk *walk, int fd, const char *name)
{
	int opened;

	if (strcmp(name, "..") == 0)
		return -EXDEV;
	do
		opened = openat(fd, name, walk->flags | (walk->follow ? 0 : O_NOFOLLOW));
	while (opened < 0 && errno == EINTR);
	return opened < 0 ? -errno : opened;
}

/* How much of `path` goes into one call: all of it, one name, or whole names below PATH_MAX. */
static size_t piece_bytes(const struct walk *walk, const char *path)
{
	size_t bytes = strlen(path);
	const char *slash;

	if (*walk->step_by_step)
		return strcspn(path, "/");
	if (bytes < PATH_MAX)
		return bytes;
	slash = memrchr(path, '/', PATH_MAX - 1);
	return slash ? (size_t)(slash - path) : PATH_MAX;
}

static int open_piece(const struct walk *walk, int fd, const char *path, size_t bytes)
{
	char piece[PATH_MAX];

	if (bytes >= sizeof(piece))
		return -ENAMETOOLONG;
	memcpy(piece, path, bytes);
	piece[bytes] = '\0';
	return *walk->step_by_step ? open_step(walk, fd, piece) : open_beneath(walk, fd, piece);
}

static int walk_path(const struct walk *walk, int root_fd, const char *path, int *ret_fd)
{
	int fd = root_fd;

	if (!*path)
		path = ".";
	while (*path) {
		size_t bytes = piece_bytes(walk, path);
		int opened = open_piece(walk, fd, path, bytes);

		if (opened == -ENOSYS) {
			*walk->step_by_step = true;
			continue;
		}
		if (fd != root_fd)
			close(fd);
		if (opened < 0)
			return opened;
		fd = opened;
		path += bytes;
		path += strspn(path, "/");
	}
	*ret_fd = fd;
	return 0;
}

int resolve_directory(int root_fd, const char *path, bool follow, bool *step_by_step, int *ret_fd)
{
	struct walk walk = {O_RDONLY | O_DIRECTORY | O_CLOEXEC, follow, step_by_step};

	return walk_path(&walk, root_fd, path, ret_fd);
}

int resolve_directory_path(
	int root_fd, const char *path, bool follow, bool *step_by_step, int *ret_fd)
{
	struct walk walk = {O_PATH | O_DIRECTORY | O_CLOEXEC, follow, step_by_step};

	return walk_path(&walk, root_fd, path, ret_fd);
}
