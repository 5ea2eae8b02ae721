/* SPDX-License-Identifier: MIT */
#include "serialctl/stream.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "serialctl/channel.h"
#include "serialctl/report.h"
#include "util/clock.h"

#define LOOK_NS UINT64_C(1000000000) /* between two looks at the driver's counters */

struct stream {
	struct session *session;
	const struct serial_task *task;
	struct lane *lane;
	int channel;
	struct framer framer;
	struct haul_port_counters counters; /* as they were told last */
	bool counted;                       /* the driver counts at all */
	uint64_t look_ns;
};

static void stream_frame(
	struct stream *stream, enum framer_result result, const struct frame *frame)
{
	const char *path = stream->session->path;

	if (result == FRAMER_DROPPED) {
		report_text(stream->lane, HAUL_SERIAL_DROPPED, path, "%zu bytes: %s", frame->bytes,
			frame->reason);
		return;
	}
	report_serial(stream->lane, HAUL_SERIAL_LINE, path, frame->data, frame->bytes);
	lane_add(stream->lane, HAUL_BYTES_ACCEPTED, frame->bytes);
}

static void stream_take(struct stream *stream)
{
	uint8_t data[16384];
	size_t bytes;

	while ((bytes = haul_port_take(stream->session->port, data, sizeof(data)))) {
		const uint8_t *next = data;
		enum framer_result result;
		struct frame frame;

		lane_add(stream->lane, HAUL_BYTES_READ, bytes);
		while ((result = framer_next(&stream->framer, &next, &bytes, &frame)) !=
			FRAMER_MORE)
			stream_frame(stream, result, &frame);
	}
}

static void stream_dropped(struct stream *stream, uint64_t now, uint64_t before, const char *why)
{
	if (now > before)
		report_text(stream->lane, HAUL_SERIAL_DROPPED, stream->session->path,
			"%" PRIu64 " bytes: %s", now - before, why);
}

/* A byte that the hardware or the kernel could not keep shows only here. */
static void stream_look(struct stream *stream)
{
	struct haul_port_counters now;

	if (!stream->counted || haul_port_counters(stream->session->port, &now))
		return;
	stream_dropped(stream, now.overruns, stream->counters.overruns, "hardware overrun");
	stream_dropped(stream, now.buffer_overruns, stream->counters.buffer_overruns,
		"kernel buffer full");
	stream_dropped(stream, now.frame_errors, stream->counters.frame_errors, "framing error");
	stream_dropped(stream, now.parity_errors, stream->counters.parity_errors, "parity error");
	stream->counters = now;
}

static void stream_opened(struct stream *stream)
{
	char settings[HAUL_PORT_SETTINGS_BYTES];

	haul_port_settings_format(&stream->session->settings, settings);
	framer_init(&stream->framer, (enum framer_kind)stream->task->framing,
		stream->task->frame_bytes);
	stream->counted = haul_port_counters(stream->session->port, &stream->counters) == 0;
	report_text(stream->lane, HAUL_SERIAL_OPENED, stream->session->path, "%s", settings);
}

static void stream_end_frames(struct stream *stream)
{
	struct frame frame;
	enum framer_result result = framer_finish(&stream->framer, &frame);

	if (result != FRAMER_MORE)
		stream_frame(stream, result, &frame);
}

/* Tells of the loss before the wait for the port begins. */
static int stream_lost(struct stream *stream)
{
	struct session *session = stream->session;
	int error;

	stream_end_frames(stream);
	session_lose(session);
	report_text(stream->lane, HAUL_SERIAL_LOST, session->path, "waiting for %s",
		stream->task->reconnect ? session->name : "nothing");
	channel_say(stream->channel, CHANNEL_NOTICE, ENODEV, "lost port '%s'%s", session->path,
		stream->task->reconnect ? ", waiting for it" : "");
	if (!stream->task->reconnect)
		return -ENODEV;
	do
		error = session_regain(session, stream->channel);
	while (error == -EAGAIN || error == -EINTR);
	if (error)
		return error;
	error = haul_port_watch(session->port, stream->channel);
	if (error)
		return error;
	channel_say(stream->channel, CHANNEL_NOTICE, 0, "port is back as '%s'", session->path);
	stream_opened(stream);
	return 0;
}

/* 0: go on; 1: asked to stop. */
static int stream_step(struct stream *stream)
{
	struct haul_port *port = stream->session->port;
	int events = haul_port_wait(port, stream->look_ns);
	uint64_t now_ns = clock_monotonic_ns();

	if (events < 0)
		return events == -EINTR ? 0 : events;
	stream_take(stream);
	/* Readers are woken before the sleep that the next wait may be. */
	lane_ring(stream->lane, now_ns, true);
	if (now_ns >= stream->look_ns) {
		stream_look(stream);
		stream->look_ns = now_ns + LOOK_NS;
	}
	if (events & HAUL_PORT_WATCHED)
		return 1;
	return events & HAUL_PORT_LOST ? stream_lost(stream) : 0;
}

int stream_run(
	struct session *session, const struct serial_task *task, struct lane *lane, int channel)
{
	struct stream stream = {
		.session = session,
		.task = task,
		.lane = lane,
		.channel = channel,
	};
	int error = haul_port_watch(session->port, channel);

	if (error)
		return error;
	stream_opened(&stream);
	stream.look_ns = clock_monotonic_ns() + LOOK_NS;
	while (!error)
		error = stream_step(&stream);
	if (session->port) {
		stream_look(&stream);
		stream_end_frames(&stream);
		report_text(lane, HAUL_SERIAL_CLOSED, session->path, "stopped");
	}
	return error > 0 ? 0 : error;
}
