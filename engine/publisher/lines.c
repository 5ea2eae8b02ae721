/* SPDX-License-Identifier: MIT */
#include "publisher/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "publisher/outbox.h"

#define MUST_BYTES (8u * 1024 * 1024)
#define MAY_BYTES  (4u * 1024 * 1024)
#define SEND_BYTES 65536u /* a write for each line would cost more than the line */

struct lines {
	struct sink sink;
	struct outbox outbox;
	int fd;
	int error; /* what went wrong in between, told by advance */
};

static void lines_take(struct sink *sink, const struct sink_event *event)
{
	struct lines *lines = (struct lines *)sink;
	size_t limit = event_must_arrive(event->event) ? MUST_BYTES : MAY_BYTES;

	/* A line goes whole or not at all, its newline too. */
	if (outbox_put(&lines->outbox, event->json, event->json_bytes, limit) == 0 &&
		outbox_put(&lines->outbox, "\n", 1, SIZE_MAX) < 0)
		lines->error = -ENOMEM;
	if (!lines->error && outbox_bytes(&lines->outbox) >= SEND_BYTES)
		lines->error = outbox_send(&lines->outbox, lines->fd);
}

static int lines_advance(struct sink *sink, uint64_t now_ns)
{
	struct lines *lines = (struct lines *)sink;

	(void)now_ns;
	if (!lines->error)
		lines->error = outbox_send(&lines->outbox, lines->fd);
	return lines->error;
}

static int lines_fd(struct sink *sink, short *ret_events)
{
	struct lines *lines = (struct lines *)sink;

	*ret_events = POLLOUT;
	return outbox_bytes(&lines->outbox) ? lines->fd : -1;
}

static bool lines_busy(struct sink *sink)
{
	return outbox_bytes(&((struct lines *)sink)->outbox) > 0;
}

static void lines_close(struct sink *sink)
{
	struct lines *lines = (struct lines *)sink;

	outbox_close(&lines->outbox);
	close(lines->fd);
	free(lines);
}

static const struct sink_ops lines_ops = {
	.name = "json",
	.wants_json = true,
	.take = lines_take,
	.advance = lines_advance,
	.fd = lines_fd,
	.busy = lines_busy,
	.close = lines_close,
};

int lines_open(int fd, struct sink **ret_sink)
{
	struct lines *lines = calloc(1, sizeof(*lines));
	int error;

	if (!lines)
		return -ENOMEM;
	error = outbox_open_fd(fd, &lines->fd);
	if (error) {
		free(lines);
		return error;
	}
	lines->sink.ops = &lines_ops;
	*ret_sink = &lines->sink;
	return 0;
}
