/* SPDX-License-Identifier: MIT */
#include "top/ports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void top_ports_close(struct top_ports *ports)
{
	for (unsigned at = 0; at < ports->count; at++)
		free(ports->row[at]);
	ports->count = 0;
}

static struct top_port *find(const struct top_ports *ports, const char *path)
{
	for (unsigned at = 0; at < ports->count; at++)
		if (strcmp(ports->row[at]->path, path) == 0)
			return ports->row[at];
	return NULL;
}

static void remove_row(struct top_ports *ports, unsigned at)
{
	free(ports->row[at]);
	ports->count--;
	for (; at < ports->count; at++)
		ports->row[at] = ports->row[at + 1];
}

/* NULL when there are more than anyone has. */
static struct top_port *find_or_add(struct top_ports *ports, const char *path)
{
	struct top_port *port = find(ports, path);

	if (port || ports->count == TOP_PORTS_MAX)
		return port;
	port = calloc(1, sizeof(*port));
	if (!port)
		return NULL;
	snprintf(port->path, sizeof(port->path), "%s", path);
	ports->row[ports->count++] = port;
	return port;
}

/* ---- what jobs say ---- */

static void job_ended(struct top_ports *ports, const char *job)
{
	for (unsigned at = 0; at < ports->count; at++)
		if (strcmp(ports->row[at]->job, job) == 0)
			ports->row[at]->used = false;
}

static void take_state(
	struct top_port *port, enum haul_serial_state state, const struct event_text *data)
{
	switch (state) {
	case HAUL_SERIAL_LINE:
		top_text_start(&port->line, data->data, data->bytes);
		break;
	case HAUL_SERIAL_DROPPED:
		top_text_start(&port->dropped, data->data, data->bytes);
		break;
	case HAUL_SERIAL_OPENED:
		port->lost = false;
		port->used = true;
		break;
	case HAUL_SERIAL_LOST:
		port->lost = true;
		break;
	case HAUL_SERIAL_CLOSED:
		port->used = false;
		break;
	case HAUL_SERIAL_PROGRESS:
		break;
	}
}

void top_ports_take(struct top_ports *ports, const struct event *event)
{
	const struct event_serial *serial = &event->serial;
	char path[HAUL_PORT_PATH_BYTES];
	struct top_port *port;

	if (event_is_last(event))
		job_ended(ports, event->job);
	if (event->type != EVENT_SERIAL || serial->port.bytes >= sizeof(path))
		return;
	snprintf(path, sizeof(path), "%.*s", (int)serial->port.bytes, serial->port.data);
	port = find_or_add(ports, path);
	if (!port)
		return;
	snprintf(port->job, sizeof(port->job), "%s", event->job);
	take_state(port, serial->state, &serial->data);
}

/* ---- what there is ---- */

static int found(const struct haul_port_info *info, void *context)
{
	struct top_port *port = find_or_add(context, info->path);

	if (!port)
		return 0;
	port->listed = true;
	snprintf(port->what, sizeof(port->what), "%s", info->description);
	return 0;
}

void top_ports_refresh(struct top_ports *ports)
{
	for (unsigned at = 0; at < ports->count; at++)
		ports->row[at]->listed = false;
	/* Without libserialport, those that jobs use are all that is known. */
	(void)haul_ports_each(found, ports);
	for (unsigned at = ports->count; at-- > 0;) {
		struct top_port *port = ports->row[at];

		if (port->listed || port->used)
			port->held = haul_port_holder(port->path, &port->holder) == 0;
		else
			remove_row(ports, at);
	}
}
