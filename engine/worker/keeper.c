/* SPDX-License-Identifier: MIT */
#include "worker/keeper.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "haul/exit.h"
#include "wire/message.h"

#define KEEPER_BUFFER_BYTES 256

/* A directory stands for its filesystem. */
static int make_durable(int fd)
{
	struct stat status;

	if (fstat(fd, &status))
		return -errno;
	if (S_ISDIR(status.st_mode))
		return syncfs(fd) ? -errno : 0;
	return fdatasync(fd) ? -errno : 0;
}

static int answer(struct wire_buffer *out, const struct wire_keep *keep, int error)
{
	struct wire_kept kept = {.number = keep->number, .error = error};
	int failed;

	wire_reset(out);
	failed = wire_put(out, WIRE_KEPT, &kept, sizeof(kept), NULL, 0);
	return failed ? failed : wire_send(WIRE_CHANNEL_FD, out, true);
}

static int obey(const struct wire_buffer *in, struct wire_buffer *out)
{
	struct wire_view view;
	size_t offset = 0;
	int more = wire_next(in, &offset, &view);

	if (more != 1 || view.type != WIRE_KEEP || in->fd[0] == WIRE_NO_FD)
		return -EPROTO;
	return answer(out, view.body, make_durable(in->fd[0]));
}

static void close_fds(const struct wire_buffer *in)
{
	for (unsigned i = 0; i < 2; i++)
		if (in->fd[i] != WIRE_NO_FD)
			close(in->fd[i]);
}

int keeper_main(void)
{
	_Alignas(8) uint8_t in_data[KEEPER_BUFFER_BYTES], out_data[KEEPER_BUFFER_BYTES];
	struct wire_buffer in = {.data = in_data, .capacity = sizeof(in_data)};
	struct wire_buffer out = {.data = out_data, .capacity = sizeof(out_data)};
	int error = 0, got;

	while (!error && (got = wire_receive(WIRE_CHANNEL_FD, &in, true)) > 0) {
		error = obey(&in, &out);
		close_fds(&in);
	}
	return error || got < 0 ? HAUL_EXIT_FAILED : HAUL_EXIT_OK;
}
