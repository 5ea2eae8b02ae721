/* SPDX-License-Identifier: MIT */
#include "publisher/outbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_BYTES 16384u

void outbox_close(struct outbox *outbox)
{
	free(outbox->data);
	*outbox = (struct outbox){0};
}

size_t outbox_bytes(const struct outbox *outbox)
{
	return outbox->end - outbox->start;
}

static int make_room(struct outbox *outbox, size_t bytes)
{
	size_t waiting = outbox_bytes(outbox);
	size_t capacity = outbox->capacity ? outbox->capacity : FIRST_BYTES;
	char *data;

	if (outbox->start) {
		memmove(outbox->data, outbox->data + outbox->start, waiting);
		outbox->start = 0;
		outbox->end = waiting;
	}
	/* At least as much room as what was moved, or every message would move it again. */
	while (capacity - waiting < bytes || capacity - waiting < waiting)
		capacity *= 2;
	if (capacity == outbox->capacity)
		return 0;
	data = realloc(outbox->data, capacity);
	if (!data)
		return -ENOMEM;
	outbox->data = data;
	outbox->capacity = capacity;
	return 0;
}

int outbox_put(struct outbox *outbox, const void *data, size_t bytes, size_t limit_bytes)
{
	size_t waiting = outbox_bytes(outbox);

	if (waiting > limit_bytes || bytes > limit_bytes - waiting)
		return -ENOSPC;
	if (bytes > outbox->capacity - outbox->end) {
		int error = make_room(outbox, bytes);

		if (error)
			return error;
	}
	memcpy(outbox->data + outbox->end, data, bytes);
	outbox->end += bytes;
	return 0;
}

static ssize_t write_some(int fd, const void *data, size_t bytes)
{
	ssize_t written = send(fd, data, bytes, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (written < 0 && errno == ENOTSOCK)
		written = write(fd, data, bytes);
	return written < 0 ? -errno : written;
}

int outbox_send(struct outbox *outbox, int fd)
{
	while (outbox_bytes(outbox)) {
		ssize_t sent = write_some(fd, outbox->data + outbox->start, outbox_bytes(outbox));

		if (sent == -EAGAIN)
			return 0;
		if (sent == -EINTR)
			continue;
		if (sent < 0)
			return (int)sent;
		outbox->start += (size_t)sent;
	}
	outbox->start = 0;
	outbox->end = 0;
	return 0;
}

/* The mode that a descriptor was opened with must do: a pipe's writing end can't be read. */
static int reopen(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

int outbox_open_fd(int fd, int *ret_fd)
{
	struct stat status;
	int opened = -1;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode))
		opened = reopen(fd);
	if (opened < 0)
		opened = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (opened < 0)
		return -errno;
	*ret_fd = opened;
	return 0;
}
