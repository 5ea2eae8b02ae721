/* SPDX-License-Identifier: MIT */
#include "progress/control.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "progress/discover.h"

#define CONTROL_MAGIC UINT32_C(0x6c756168) /* "haul" */

struct control_request {
	uint32_t magic;
	uint32_t command; /* enum control_command */
};

struct control_reply {
	uint32_t magic;
	int32_t error; /* 0 or -errno */
};

union credentials {
	struct cmsghdr header; /* for its alignment */
	char space[CMSG_SPACE(sizeof(struct ucred))];
};

/* An address holds 108 bytes; a path that is longer goes by its directory's descriptor. */
static int address_of(const char *path, int *ret_directory_fd, struct sockaddr_un *ret_address)
{
	const char *slash = strrchr(path, '/');
	char directory[256];
	int bytes;

	*ret_directory_fd = -1;
	*ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) < sizeof(ret_address->sun_path)) {
		strcpy(ret_address->sun_path, path);
		return 0;
	}
	if (!slash || (size_t)(slash - path) >= sizeof(directory))
		return -ENAMETOOLONG;
	snprintf(directory, sizeof(directory), "%.*s", (int)(slash - path), path);
	*ret_directory_fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*ret_directory_fd < 0)
		return -errno;
	bytes = snprintf(ret_address->sun_path, sizeof(ret_address->sun_path),
		"/proc/self/fd/%d/%s", *ret_directory_fd, slash + 1);
	if ((size_t)bytes < sizeof(ret_address->sun_path))
		return 0;
	close(*ret_directory_fd);
	*ret_directory_fd = -1;
	return -ENAMETOOLONG;
}

static int open_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd < 0 ? -errno : fd;
}

/* ---- for whoever asks ---- */

static int wait_for_reply(int fd, int timeout_ms)
{
	struct pollfd readable = {.fd = fd, .events = POLLIN};
	struct control_reply reply;
	int ready;

	do
		ready = poll(&readable, 1, timeout_ms);
	while (ready < 0 && errno == EINTR);
	if (ready <= 0)
		return ready ? -errno : -ETIMEDOUT;
	if (recv(fd, &reply, sizeof(reply), 0) != sizeof(reply) || reply.magic != CONTROL_MAGIC)
		return -EPROTO;
	return reply.error;
}

static int ask_at(const char *path, enum control_command command, int timeout_ms)
{
	struct control_request request = {.magic = CONTROL_MAGIC, .command = command};
	struct sockaddr_un here = {.sun_family = AF_UNIX}, there;
	int directory_fd, error = address_of(path, &directory_fd, &there);
	int fd = error ? error : open_socket();

	error = fd < 0 ? fd : 0;
	/* An address with no path asks the kernel to make one that the answer can go to. */
	if (!error && bind(fd, (struct sockaddr *)&here, sizeof(here.sun_family)))
		error = -errno;
	if (!error && connect(fd, (struct sockaddr *)&there, sizeof(there)))
		error = -errno;
	if (!error && send(fd, &request, sizeof(request), MSG_NOSIGNAL) < 0)
		error = -errno;
	if (!error)
		error = wait_for_reply(fd, timeout_ms);
	if (fd >= 0)
		close(fd);
	if (directory_fd >= 0)
		close(directory_fd);
	return error;
}

int control_ask(const char *job, enum control_command command, int timeout_ms)
{
	char directory[160], path[256];
	int error = -ENOENT;

	if (!haul_job_name_valid(job))
		return -EINVAL;
	for (unsigned i = 0; i < HAUL_DIRECTORIES && error == -ENOENT; i++) {
		if (haul_directory_path(i, directory, sizeof(directory)))
			continue;
		snprintf(path, sizeof(path), "%s/%s%s", directory, job, CONTROL_SUFFIX);
		error = ask_at(path, command, timeout_ms);
	}
	return error;
}

static const char *already(enum control_command command)
{
	switch (command) {
	case CONTROL_PAUSE:
		return "it does not run";
	case CONTROL_RESUME:
		return "it is not paused";
	default:
		return "it is stopping already";
	}
}

const char *control_words(enum control_command command, int error)
{
	switch (error) {
	case -ENOENT:
	case -EINVAL:
		return "no such job";
	case -ECONNREFUSED:
		return "the job is dead";
	case -EALREADY:
		return already(command);
	case -ETIMEDOUT:
		return "the job does not answer";
	case -ENODEV:
		return "what it waits for is not there";
	default:
		return strerror(-error);
	}
}

/* ---- for the coordinator ---- */

static int control_path(const char *region_path, char *ret_path, size_t capacity)
{
	size_t stem = strlen(region_path) - strlen(HAUL_FILE_SUFFIX);
	int bytes = snprintf(ret_path, capacity, "%.*s%s", (int)stem, region_path, CONTROL_SUFFIX);

	return (size_t)bytes < capacity ? 0 : -ENAMETOOLONG;
}

static int bind_control(const struct control *control)
{
	struct sockaddr_un address;
	int directory_fd, one = 1, error = address_of(control->path, &directory_fd, &address);

	if (error)
		return error;
	/* The region's lock is ours, so a socket of this name belongs to no living job. */
	if (unlink(control->path) && errno != ENOENT)
		error = -errno;
	if (!error && setsockopt(control->fd, SOL_SOCKET, SO_PASSCRED, &one, sizeof(one)))
		error = -errno;
	if (!error && bind(control->fd, (struct sockaddr *)&address, sizeof(address)))
		error = -errno;
	if (directory_fd >= 0)
		close(directory_fd);
	return error;
}

int control_open(const char *region_path, struct control *ret_control)
{
	struct control control = {.fd = -1};
	int error;

	*ret_control = control;
	if (!region_path)
		return 0;
	error = control_path(region_path, control.path, sizeof(control.path));
	if (error)
		return error;
	control.fd = open_socket();
	if (control.fd < 0)
		return control.fd;
	error = bind_control(&control);
	if (error)
		close(control.fd);
	else
		*ret_control = control;
	return error;
}

void control_close(struct control *control)
{
	if (control->fd < 0)
		return;
	unlink(control->path);
	close(control->fd);
	control->fd = -1;
}

static bool sender_may(struct msghdr *message)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);
	struct ucred sender;

	if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_CREDENTIALS)
		return false;
	memcpy(&sender, CMSG_DATA(header), sizeof(sender));
	return sender.uid == geteuid() || sender.uid == 0;
}

int control_next(const struct control *control, enum control_command *ret_command,
	struct control_peer *ret_peer)
{
	struct control_request request = {0};
	union credentials space;

	for (;;) {
		struct iovec part = {.iov_base = &request, .iov_len = sizeof(request)};
		struct control_peer peer = {0};
		struct msghdr message = {
			.msg_name = &peer.address,
			.msg_namelen = sizeof(peer.address),
			.msg_iov = &part,
			.msg_iovlen = 1,
			.msg_control = &space,
			.msg_controllen = sizeof(space),
		};
		ssize_t got = recvmsg(control->fd, &message, MSG_CMSG_CLOEXEC);

		if (got < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -errno;
		peer.address_bytes = message.msg_namelen;
		if (got != sizeof(request) || request.magic != CONTROL_MAGIC)
			continue;
		if (!sender_may(&message)) {
			control_answer(control, &peer, -EPERM);
			continue;
		}
		*ret_command = (enum control_command)request.command;
		*ret_peer = peer;
		return 1;
	}
}

void control_answer(const struct control *control, const struct control_peer *peer, int error)
{
	struct control_reply reply = {.magic = CONTROL_MAGIC, .error = error};

	(void)sendto(control->fd, &reply, sizeof(reply), MSG_NOSIGNAL | MSG_DONTWAIT,
		(const struct sockaddr *)&peer->address, peer->address_bytes);
}
