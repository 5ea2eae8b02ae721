/* SPDX-License-Identifier: MIT */
#include "job/keeper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/spawn.h"
#include "wire/message.h"

#define KEEPER_BUFFER_BYTES 256
#define END_GRACE_MS        100

int keeper_start(struct keeper *ret_keeper)
{
	struct spawn spawn = {
		.role = "keeper",
		.region_fd = SPAWN_NO_FD,
		.cpu = SPAWN_NO_CPU,
		.die_with_parent = true,
	};
	struct keeper keeper;
	int pair[2], error;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	spawn.channel_fd = pair[1];
	error = spawn_role(&spawn, &keeper.pid, &keeper.pidfd);
	close(pair[1]);
	if (error) {
		close(pair[0]);
		return error;
	}
	keeper.channel = pair[0];
	*ret_keeper = keeper;
	return 0;
}

int keeper_ask(const struct keeper *keeper, uint32_t number, int fd)
{
	_Alignas(8) uint8_t data[KEEPER_BUFFER_BYTES];
	struct wire_buffer out = {.data = data, .capacity = sizeof(data)};
	struct wire_keep keep = {.number = number};
	int error;

	wire_reset(&out);
	error = wire_put(&out, WIRE_KEEP, &keep, sizeof(keep), NULL, 0);
	if (error)
		return error;
	/* Descriptors travel in pairs. */
	out.fd[0] = fd;
	out.fd[1] = fd;
	return wire_send(keeper->channel, &out, false);
}

int keeper_answer(const struct keeper *keeper, uint32_t *ret_number, int *ret_error)
{
	_Alignas(8) uint8_t data[KEEPER_BUFFER_BYTES];
	struct wire_buffer in = {.data = data, .capacity = sizeof(data)};
	int got = wire_receive(keeper->channel, &in, false);
	const struct wire_kept *kept;
	struct wire_view view;
	size_t offset = 0;

	if (got == -EAGAIN)
		return 0;
	if (got <= 0)
		return got ? got : -EPIPE;
	if (wire_next(&in, &offset, &view) != 1 || view.type != WIRE_KEPT)
		return -EPROTO;
	kept = view.body;
	*ret_number = kept->number;
	*ret_error = kept->error;
	return 1;
}

void keeper_end(struct keeper *keeper)
{
	struct pollfd gone = {.fd = keeper->pidfd, .events = POLLIN};

	if (!keeper->pid)
		return;
	close(keeper->channel);
	kill(keeper->pid, SIGKILL);
	if (poll(&gone, 1, END_GRACE_MS) == 1)
		(void)waitid(P_PID, (id_t)keeper->pid, NULL, WEXITED | WNOHANG);
	close(keeper->pidfd);
	*keeper = (struct keeper){.pidfd = KEEPER_NO_FD, .channel = KEEPER_NO_FD};
}
