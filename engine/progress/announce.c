/* SPDX-License-Identifier: MIT */
#include "progress/announce.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union descriptor_space {
	struct cmsghdr head;
	char bytes[CMSG_SPACE(sizeof(int))];
};

int announce_send(int channel, int region_fd)
{
	union descriptor_space space = {0};
	char byte = 0;
	struct iovec data = {&byte, 1};
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &space,
		.msg_controllen = sizeof(space),
	};

	space.head.cmsg_level = SOL_SOCKET;
	space.head.cmsg_type = SCM_RIGHTS;
	space.head.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&space.head), &region_fd, sizeof(region_fd));
	return sendmsg(channel, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int announce_receive(int channel)
{
	union descriptor_space space = {0};
	char byte;
	struct iovec data = {&byte, 1};
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &space,
		.msg_controllen = sizeof(space),
	};
	ssize_t got = recvmsg(channel, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	const struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	int fd;

	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? -ENODATA : -errno;
	if (got == 0)
		return -EPIPE;
	if (!head || head->cmsg_type != SCM_RIGHTS || head->cmsg_len != CMSG_LEN(sizeof(int)))
		return -ENODATA;
	memcpy(&fd, CMSG_DATA(head), sizeof(fd));
	return fd;
}

enum announced announce_region(const struct region *region)
{
	const char *text = getenv(ANNOUNCE_ENVIRONMENT);
	enum announced announced = ANNOUNCE_NOBODY;
	char *end;
	long fd;

	if (!text)
		return ANNOUNCE_NOBODY;
	fd = strtol(text, &end, 10);
	if (fd > STDERR_FILENO && fd <= INT16_MAX && !announce_send((int)fd, region->inherit_fd))
		announced = strcmp(end, " bar") == 0 ? ANNOUNCE_BAR : ANNOUNCE_WATCHED;
	/* It must not look like those of this job's own processes. */
	if (fd > STDERR_FILENO && fd <= INT16_MAX)
		(void)fcntl((int)fd, F_SETFD, FD_CLOEXEC);
	unsetenv(ANNOUNCE_ENVIRONMENT);
	return announced;
}
