/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "bpf/privilege.h"
#include "bpf/probe.h"
#include "util/spawn.h"

static int send_message(const struct probe_message *message, const void *data, size_t bytes)
{
	struct iovec part[] = {
		{.iov_base = (void *)message, .iov_len = sizeof(*message)},
		{.iov_base = (void *)data, .iov_len = bytes},
	};
	struct msghdr header = {.msg_iov = part, .msg_iovlen = bytes ? 2 : 1};
	ssize_t sent;

	do {
		sent = sendmsg(SPAWN_CHANNEL_FD, &header, MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

/* Waits when the watcher is slow; then the ring fills, and the BPF program counts what it drops. */
static int pass_record(const void *data, size_t bytes, void *context)
{
	const struct probe_message message = {.type = PROBE_RECORD};

	(void)context;
	return send_message(&message, data, bytes);
}

static int tell_dropped(const struct loader *loader, uint64_t *told)
{
	struct probe_message message = {.type = PROBE_DROPPED, .value = loader_dropped(loader)};

	if (message.value == *told)
		return 0;
	*told = message.value;
	return send_message(&message, NULL, 0);
}

static int pass_on(struct loader *loader)
{
	struct pollfd wait[] = {
		{.fd = loader_fd(loader), .events = POLLIN},
		{.fd = SPAWN_CHANNEL_FD}, /* for POLLHUP */
	};
	uint64_t told = 0;
	int error = 0;

	while (!error) {
		if (poll(wait, 2, -1) < 0 && errno != EINTR)
			return -errno;
		if (wait[1].revents)
			return 0;
		error = loader_read(loader, pass_record, NULL);
		if (!error)
			error = tell_dropped(loader, &told);
	}
	return error;
}

static int prepare(struct loader **ret_loader, enum loader_step *ret_step)
{
	struct loader *loader = NULL;
	int error = privilege_raise();

	*ret_step = LOADER_STEP_LOAD;
	if (!error)
		error = loader_open(&loader, ret_step);
	if (!error)
		error = privilege_drop();
	/* A change of user takes back what the parent's death was to cause. */
	if (!error && prctl(PR_SET_PDEATHSIG, SIGKILL))
		error = -errno;
	if (error) {
		loader_close(loader);
		return error;
	}
	*ret_loader = loader;
	return 0;
}

int probe_main(int argc, char **argv)
{
	struct probe_message hello = {.type = PROBE_HELLO};
	struct loader *loader = NULL;
	enum loader_step step = LOADER_STEP_NONE;

	(void)argc;
	(void)argv;
	hello.error = prepare(&loader, &step);
	hello.step = step;
	if (!hello.error)
		hello.variant = loader_variant(loader);
	if (send_message(&hello, NULL, 0) || hello.error) {
		loader_close(loader);
		return 1;
	}
	/* -EPIPE: the watcher has gone, which is how this ends. */
	hello.error = pass_on(loader);
	loader_close(loader);
	return hello.error && hello.error != -EPIPE ? 1 : 0;
}
