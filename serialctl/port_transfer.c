/* SPDX-License-Identifier: MIT */
/* Moving bytes through an open port, by queue and by deadline. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "serialctl/port.h"

#define DRAIN_LOOK_NS UINT64_C(2000000) /* between two looks at what the driver holds */

size_t haul_port_take(struct haul_port *port, void *ret_data, size_t bytes)
{
	size_t there = port->input_end - port->input_start;
	size_t take = bytes < there ? bytes : there;

	memcpy(ret_data, port->input + port->input_start, take);
	port->input_start += take;
	return take;
}

size_t haul_port_queued(const struct haul_port *port)
{
	return port->output_end - port->output_start;
}

size_t haul_port_queue(struct haul_port *port, const void *data, size_t bytes)
{
	size_t room;

	if (port->output_start && !port->write_armed) {
		memmove(port->output, port->output + port->output_start, haul_port_queued(port));
		port->output_end -= port->output_start;
		port->output_start = 0;
	}
	room = PORT_OUTPUT_BYTES - port->output_end;
	if (bytes > room)
		bytes = room;
	memcpy(port->output + port->output_end, data, bytes);
	port->output_end += bytes;
	return bytes;
}

ssize_t haul_port_read(struct haul_port *port, void *ret_data, size_t bytes, uint64_t deadline_ns)
{
	size_t taken = haul_port_take(port, ret_data, bytes);
	int events;

	if (taken || bytes == 0)
		return (ssize_t)taken;
	if (port->lost)
		return -ENODEV;
	events = port_wait(port, HAUL_PORT_INPUT | HAUL_PORT_LOST, deadline_ns);
	if (events < 0)
		return events;
	taken = haul_port_take(port, ret_data, bytes);
	return taken || !port->lost ? (ssize_t)taken : -ENODEV;
}

ssize_t haul_port_write(
	struct haul_port *port, const void *data, size_t bytes, uint64_t deadline_ns)
{
	const uint8_t *next = data;
	size_t queued = 0, left;

	while (queued < bytes || haul_port_queued(port)) {
		int events;

		queued += haul_port_queue(port, next + queued, bytes - queued);
		events = port_wait(port, HAUL_PORT_WRITTEN | HAUL_PORT_LOST, deadline_ns);
		if (events > 0 && events & HAUL_PORT_LOST)
			return -ENODEV;
		if (events <= 0)
			break;
	}
	port_cancel_write(port);
	left = haul_port_queued(port);
	port->output_start = port->output_end = 0;
	return (ssize_t)(left > queued ? 0 : queued - left);
}

int haul_port_drain(struct haul_port *port, uint64_t deadline_ns)
{
	for (;;) {
		uint64_t now_ns = haul_port_now_ns();
		uint64_t look_ns = now_ns + DRAIN_LOOK_NS;
		int held = 0, events;

		if (port->lost)
			return -ENODEV;
		/* Never tcdrain: a peer that holds the line would hold us for ever. */
		if (!haul_port_queued(port) && (ioctl(port->fd, TIOCOUTQ, &held) < 0 || held == 0))
			return 0;
		if (now_ns >= deadline_ns)
			return -ETIMEDOUT;
		events = port_wait(
			port, HAUL_PORT_LOST, look_ns < deadline_ns ? look_ns : deadline_ns);
		if (events < 0)
			return events;
	}
}
