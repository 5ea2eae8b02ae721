/* SPDX-License-Identifier: MIT */
#include "serialctl/session.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "serialctl/arrival.h"
#include "serialctl/name.h"

static void session_opened(struct session *session)
{
	const struct haul_port_info *info = haul_port_info(session->port);
	struct port_name name;

	memcpy(session->path, info->path, sizeof(session->path));
	/* ttyUSB0 may come back as ttyUSB1, and another device as ttyUSB0. A name that says what
	 * the port is stands as it was given: usb:0403:6001 means any of these. */
	if (info->usb && port_name_parse(session->name, &name) == 0 && name.path)
		haul_port_identity(info, session->name);
}

int session_open(
	struct session *ret_session, const char *name, const struct haul_port_settings *settings)
{
	struct session session = {.settings = *settings, .arrival_fd = -1};
	int error;

	if (strlen(name) >= sizeof(session.name))
		return -ENAMETOOLONG;
	snprintf(session.name, sizeof(session.name), "%s", name);
	error = haul_port_open(name, settings, &session.port);
	if (error)
		return error;
	session_opened(&session);
	*ret_session = session;
	return 0;
}

void session_close(struct session *session)
{
	haul_port_close(session->port);
	session->port = NULL;
	if (session->arrival_fd >= 0)
		close(session->arrival_fd);
	session->arrival_fd = -1;
}

void session_lose(struct session *session)
{
	haul_port_close(session->port);
	session->port = NULL;
	/* From before the first look, or an arrival between the two would be missed. */
	if (session->arrival_fd < 0)
		session->arrival_fd = arrival_open();
}

/* While a device settles it may answer all of these, and a moment later not. */
static bool may_pass(int error)
{
	return error == -ENODEV || error == -ENXIO || error == -EIO || error == -EACCES ||
	       error == -EBUSY || error == -ENOTUNIQ || error == -ENOTTY;
}

int session_regain(struct session *session, int other_fd)
{
	int error = haul_port_open(session->name, &session->settings, &session->port);

	if (!error) {
		session_opened(session);
		return 0;
	}
	if (!may_pass(error))
		return error;
	error = arrival_wait(session->arrival_fd, other_fd);
	return error ? error : -EAGAIN;
}
