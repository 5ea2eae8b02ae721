/* SPDX-License-Identifier: MIT */
#include "serialctl/arrival.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/netlink.h>

#include "util/clock.h"

#define LOOK_AGAIN_MS 250
#define KERNEL_GROUP  1u

int arrival_open(void)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = KERNEL_GROUP};
	int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
	int error;

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	error = -errno;
	close(fd);
	return error;
}

/* A uevent is NAME=VALUE texts, each ended by a NUL. */
static bool is_terminal_added(const char *text, size_t bytes)
{
	static const char subsystem[] = "SUBSYSTEM=tty", action[] = "ACTION=add";
	bool terminal = false, added = false;

	for (size_t at = 0; at < bytes; at += strnlen(text + at, bytes - at) + 1) {
		size_t left = bytes - at;

		terminal |= left >= sizeof(subsystem) && strcmp(text + at, subsystem) == 0;
		added |= left >= sizeof(action) && strcmp(text + at, action) == 0;
	}
	return terminal && added;
}

/* Reads all events; an overflow (ENOBUFS) may have hidden one. */
static bool terminal_added(int fd)
{
	bool added = false;

	for (;;) {
		char text[8192];
		struct sockaddr_nl sender = {0};
		socklen_t sender_bytes = sizeof(sender);
		ssize_t bytes = recvfrom(
			fd, text, sizeof(text) - 1, 0, (struct sockaddr *)&sender, &sender_bytes);

		if (bytes < 0 && errno == ENOBUFS)
			added = true;
		else if (bytes < 0)
			return added;
		text[bytes < 0 ? 0 : bytes] = '\0';
		/* Port 0 is the kernel: others may send to the group too. */
		if (bytes > 0 && sender.nl_pid == 0)
			added |= is_terminal_added(text, (size_t)bytes);
	}
}

int arrival_wait(int fd, int other_fd)
{
	struct pollfd wait[2] = {
		{.fd = fd, .events = POLLIN}, /* poll passes over negative ones */
		{.fd = other_fd, .events = POLLIN},
	};
	uint64_t end_ns = clock_monotonic_ns() + LOOK_AGAIN_MS * UINT64_C(1000000);

	for (;;) {
		uint64_t now_ns = clock_monotonic_ns();

		if (now_ns >= end_ns)
			return 0;
		if (poll(wait, 2, (int)((end_ns - now_ns) / 1000000) + 1) < 0)
			return -errno;
		if (wait[1].revents)
			return 1;
		if (wait[0].revents && terminal_added(fd))
			return 0;
	}
}
