/* SPDX-License-Identifier: MIT */
#include "publisher/feed.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/spawn.h"

int feed_start(struct feed *ret_feed)
{
	struct spawn spawn = {
		.role = "devices",
		.region_fd = SPAWN_NO_FD,
		.cpu = SPAWN_NO_CPU,
		.no_input = true,
	};
	struct feed feed = {0};
	int channel[2], error;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel))
		return -errno;
	spawn.channel_fd = channel[1];
	error = spawn_role(&spawn, &feed.pid, &feed.pidfd);
	close(channel[1]);
	if (error) {
		close(channel[0]);
		return error;
	}
	feed.channel_fd = channel[0];
	*ret_feed = feed;
	return 0;
}

void feed_stop(struct feed *feed)
{
	if (!feed->pid)
		return;
	close(feed->channel_fd);
	while (waitpid(feed->pid, NULL, 0) < 0 && errno == EINTR)
		;
	close(feed->pidfd);
	*feed = (struct feed){0};
}
