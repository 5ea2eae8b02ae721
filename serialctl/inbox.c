/* SPDX-License-Identifier: MIT */
#include "serialctl/inbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int inbox_open(struct inbox *ret_inbox, const char *directory, bool overwrite)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	*ret_inbox = (struct inbox){.directory_fd = fd, .fd = -1, .overwrite = overwrite};
	return 0;
}

static void inbox_drop(struct inbox *inbox)
{
	if (inbox->fd < 0)
		return;
	close(inbox->fd);
	inbox->fd = -1;
	unlinkat(inbox->directory_fd, inbox->temporary, 0);
}

void inbox_close(struct inbox *inbox)
{
	inbox_drop(inbox);
	close(inbox->directory_fd);
	inbox->directory_fd = -1;
}

/* The peer must not choose where a file goes. */
static int inbox_name(struct inbox *inbox, const struct modem_file *file)
{
	const char *slash = strrchr(file->name, '/');
	const char *name = slash ? slash + 1 : file->name;

	if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return -EINVAL;
	inbox->file = *file;
	memmove(inbox->file.name, inbox->file.name + (name - file->name), strlen(name) + 1);
	return 0;
}

int inbox_begin(struct inbox *inbox, const struct modem_file *file)
{
	struct stat node;
	int error;

	inbox_drop(inbox);
	error = inbox_name(inbox, file);
	if (error)
		return error;
	if (!inbox->overwrite &&
		fstatat(inbox->directory_fd, inbox->file.name, &node, AT_SYMLINK_NOFOLLOW) == 0)
		return -EEXIST;
	snprintf(inbox->temporary, sizeof(inbox->temporary), ".%.200s.haul-%d", inbox->file.name,
		getpid());
	inbox->fd = openat(inbox->directory_fd, inbox->temporary,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	inbox->bytes = 0;
	return inbox->fd < 0 ? -errno : 0;
}

int inbox_write(struct inbox *inbox, const void *data, size_t bytes)
{
	const uint8_t *next = data;

	while (bytes) {
		ssize_t part = write(inbox->fd, next, bytes);

		if (part < 0 && errno == EINTR)
			continue;
		if (part < 0)
			return -errno;
		next += part;
		bytes -= (size_t)part;
		inbox->bytes += (uint64_t)part;
	}
	return 0;
}

/* renameat2 refuses to replace a file that appeared meanwhile; not every filesystem can. */
static int inbox_publish(struct inbox *inbox)
{
	unsigned flags = inbox->overwrite ? 0 : RENAME_NOREPLACE;
	int fd = inbox->directory_fd;

	if (renameat2(fd, inbox->temporary, fd, inbox->file.name, flags) == 0)
		return 0;
	if (errno != EINVAL || !flags)
		return -errno;
	if (linkat(fd, inbox->temporary, fd, inbox->file.name, 0) < 0)
		return -errno;
	return unlinkat(fd, inbox->temporary, 0) < 0 ? -errno : 0;
}

int inbox_finish(struct inbox *inbox)
{
	const struct timespec times[2] = {
		{.tv_nsec = UTIME_OMIT},
		{.tv_sec = inbox->file.modified_s},
	};
	int error;

	if (inbox->file.modified_s && futimens(inbox->fd, times) < 0)
		return -errno;
	/* Told by the peer: nothing beyond the ordinary bits, and the owner keeps access. */
	if (inbox->file.mode && fchmod(inbox->fd, (inbox->file.mode & 0777) | 0600) < 0)
		return -errno;
	if (fsync(inbox->fd) < 0)
		return -errno;
	error = inbox_publish(inbox);
	if (error)
		return error;
	if (fsync(inbox->directory_fd) < 0)
		return -errno;
	error = close(inbox->fd) < 0 ? -errno : 0;
	inbox->fd = -1;
	return error;
}
