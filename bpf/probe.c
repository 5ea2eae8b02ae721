/* SPDX-License-Identifier: MIT */
#include "bpf/probe.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/spawn.h"

/* A burst waits here while the watcher looks up facts; the ring behind it is small. Only root may
 * have more than the system's limit. */
#define CHANNEL_BYTES (4 * 1024 * 1024)

int probe_start(struct probe *ret_probe)
{
	struct spawn spawn = {
		.role = "probe",
		.region_fd = SPAWN_NO_FD,
		.cpu = SPAWN_NO_CPU,
		.die_with_parent = true,
	};
	const int bytes = CHANNEL_BYTES;
	int channel[2], error;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel))
		return -errno;
	if (setsockopt(channel[1], SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) &&
		errno != EPERM) {
		error = -errno;
	} else {
		spawn.channel_fd = channel[1];
		error = spawn_role(&spawn, &ret_probe->pid, &ret_probe->pidfd);
	}
	close(channel[1]);
	if (error) {
		close(channel[0]);
		return error;
	}
	ret_probe->channel_fd = channel[0];
	return 0;
}

void probe_stop(struct probe *probe)
{
	close(probe->channel_fd);
	/* It ends by itself; this is for one that hangs in the kernel's verifier. By then it may be
	 * another user's process, which can't be killed but sees that the channel is closed. */
	kill(probe->pid, SIGKILL);
	while (waitpid(probe->pid, NULL, 0) < 0 && errno == EINTR)
		;
	close(probe->pidfd);
}

static int check_news(const struct probe_news *news)
{
	switch (news->message.type) {
	case PROBE_HELLO:
	case PROBE_DROPPED:
		return news->record_bytes ? -EPROTO : 0;
	case PROBE_RECORD:
		return news->record_bytes ? 0 : -EPROTO;
	default:
		return -EPROTO;
	}
}

int probe_next(struct probe *probe, struct probe_news *ret_news)
{
	struct iovec part[] = {
		{.iov_base = &ret_news->message, .iov_len = sizeof(ret_news->message)},
		{.iov_base = &ret_news->record, .iov_len = sizeof(ret_news->record)},
	};
	struct msghdr message = {.msg_iov = part, .msg_iovlen = 2};
	ssize_t got;

	do {
		got = recvmsg(probe->channel_fd, &message, MSG_DONTWAIT);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == EAGAIN ? -EAGAIN : -EPIPE;
	if (got == 0)
		return -EPIPE;
	if ((size_t)got < sizeof(ret_news->message) || (message.msg_flags & MSG_TRUNC))
		return -EPROTO;
	ret_news->record_bytes = (size_t)got - sizeof(ret_news->message);
	return check_news(ret_news);
}
