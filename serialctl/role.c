/* SPDX-License-Identifier: MIT */
#include "serialctl/role.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "progress/region.h"
#include "serialctl/channel.h"
#include "serialctl/exchange.h"
#include "serialctl/report.h"
#include "serialctl/session.h"
#include "serialctl/stream.h"
#include "serialctl/words.h"
#include "util/spawn.h"

static int role_stream(const struct serial_task *task, struct session *session, struct lane *lane)
{
	int error = stream_run(session, task, lane, SPAWN_CHANNEL_FD);

	if (error)
		channel_say(SPAWN_CHANNEL_FD, CHANNEL_FAILURE, error, "port '%s': %s",
			session->path, words_port_error(error));
	return error;
}

static int role_transfer(const struct serial_task *task, struct session *session, struct lane *lane)
{
	struct exchange exchange = {
		.port = session->port,
		.task = task,
		.lane = lane,
		.channel = SPAWN_CHANNEL_FD,
	};
	char settings[HAUL_PORT_SETTINGS_BYTES];
	int error;

	haul_port_settings_format(&task->settings, settings);
	report_text(lane, HAUL_SERIAL_OPENED, session->path, "%s", settings);
	error = exchange_run(&exchange);
	if (error == -ENODEV)
		report_text(lane, HAUL_SERIAL_LOST, session->path, "during the transfer");
	else
		report_text(lane, HAUL_SERIAL_CLOSED, session->path, "%s",
			error ? words_port_error(error) : "done");
	return error;
}

static int role_task(const struct serial_task *task, struct lane *lane)
{
	struct session session;
	char text[WORDS_BYTES];
	int error = session_open(&session, task->port, &task->settings);

	if (error) {
		words_open_failure(task->port, error, text);
		channel_say(SPAWN_CHANNEL_FD, CHANNEL_FAILURE, error, "%s", text);
		return error;
	}
	if (task->action == SERIAL_STREAM)
		error = role_stream(task, &session, lane);
	else
		error = role_transfer(task, &session, lane);
	session_close(&session);
	return error;
}

int serial_role_run(const struct serial_task *task, unsigned lane_index)
{
	struct region region;
	struct lane lane;
	int error = region_map(SPAWN_REGION_FD, &region);

	if (!error)
		error = lane_open(&region, lane_index, HAUL_ROLE_SERIAL, &lane);
	if (error)
		channel_say(SPAWN_CHANNEL_FD, CHANNEL_FAILURE, error,
			"cannot use the progress region: %s", strerror(-error));
	else
		error = role_task(task, &lane);
	channel_say(SPAWN_CHANNEL_FD, CHANNEL_END, error, "end");
	return error;
}
