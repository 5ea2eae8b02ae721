/* SPDX-License-Identifier: MIT */
/*
 * A port's reads and writes on its ring. At most one READ and one WRITE are under way. The READ is
 * always armed while there is room, so that the driver's small buffer is emptied at once.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "serialctl/port.h"

#define SECOND_NS UINT64_C(1000000000)

/* What a completion is about: its user_data. Watches follow. */
enum port_operation {
	PORT_READ = 1,
	PORT_WRITE,
	PORT_CANCEL,
	PORT_WATCH,
};

uint64_t haul_port_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

/* The ring has more entries than can ever be under way, so one is always free after a submit. */
static struct io_uring_sqe *port_entry(struct haul_port *port, uint64_t operation)
{
	struct io_uring_sqe *entry = io_uring_get_sqe(&port->ring);

	if (!entry) {
		io_uring_submit(&port->ring);
		entry = io_uring_get_sqe(&port->ring);
	}
	if (entry)
		entry->user_data = operation;
	return entry;
}

static void port_arm_read(struct haul_port *port)
{
	struct io_uring_sqe *entry;

	if (port->read_armed || port->lost)
		return;
	if (port->input_start == port->input_end) {
		port->input_start = port->input_end = 0;
	} else if (port->input_end == PORT_INPUT_BYTES && port->input_start) {
		port->input_end -= port->input_start;
		memmove(port->input, port->input + port->input_start, port->input_end);
		port->input_start = 0;
	}
	if (port->input_end == PORT_INPUT_BYTES)
		return;
	entry = port_entry(port, PORT_READ);
	if (!entry)
		return;
	io_uring_prep_read(entry, port->fd, port->input + port->input_end,
		PORT_INPUT_BYTES - port->input_end, (uint64_t)-1);
	entry->user_data = PORT_READ;
	port->read_armed = true;
}

static void port_arm_write(struct haul_port *port)
{
	struct io_uring_sqe *entry;

	if (port->write_armed || port->lost || port->output_start == port->output_end)
		return;
	entry = port_entry(port, PORT_WRITE);
	if (!entry)
		return;
	io_uring_prep_write(entry, port->fd, port->output + port->output_start,
		(unsigned)(port->output_end - port->output_start), (uint64_t)-1);
	entry->user_data = PORT_WRITE;
	port->write_armed = true;
}

static void port_arm_watches(struct haul_port *port)
{
	for (unsigned i = 0; i < PORT_WATCHES; i++) {
		struct port_watch *watch = &port->watch[i];
		struct io_uring_sqe *entry;

		if (watch->fd < 0 || watch->armed)
			continue;
		entry = port_entry(port, PORT_WATCH + i);
		if (!entry)
			return;
		io_uring_prep_poll_add(entry, watch->fd, POLLIN);
		entry->user_data = PORT_WATCH + i;
		watch->armed = true;
	}
}

static void port_read_done(struct haul_port *port, int result)
{
	port->read_armed = false;
	if (result > 0)
		port->input_end += (size_t)result;
	else if (result != -ECANCELED && result != -EINTR)
		port->lost = true; /* 0 is how a hang-up reads */
}

static void port_write_done(struct haul_port *port, int result)
{
	port->write_armed = false;
	if (result >= 0) {
		port->output_start += (size_t)result;
		if (port->output_start == port->output_end) {
			port->output_start = port->output_end = 0;
			port->written = true;
		}
	} else if (result != -ECANCELED && result != -EINTR) {
		port->lost = true;
	}
}

static void port_complete(struct haul_port *port, const struct io_uring_cqe *done)
{
	switch (done->user_data) {
	case PORT_READ:
		port_read_done(port, done->res);
		break;
	case PORT_WRITE:
		port_write_done(port, done->res);
		break;
	case PORT_CANCEL:
		break; /* what it cancelled tells for itself */
	default:
		port->watch[done->user_data - PORT_WATCH].armed = false;
		port->watch[done->user_data - PORT_WATCH].ready = done->res != -ECANCELED;
		break;
	}
}

static void port_reap(struct haul_port *port)
{
	struct io_uring_cqe *done;

	while (io_uring_peek_cqe(&port->ring, &done) == 0) {
		port_complete(port, done);
		io_uring_cqe_seen(&port->ring, done);
	}
}

/* Submits and sleeps until a completion or the deadline. */
static int port_sleep(struct haul_port *port, uint64_t deadline_ns)
{
	struct __kernel_timespec left, *timeout = NULL;
	struct io_uring_cqe *done;
	int result;

	if (deadline_ns != HAUL_PORT_FOREVER) {
		uint64_t now_ns = haul_port_now_ns();
		uint64_t left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;

		left.tv_sec = (long long)(left_ns / SECOND_NS);
		left.tv_nsec = (long long)(left_ns % SECOND_NS);
		timeout = &left;
	}
	result = io_uring_submit_and_wait_timeout(&port->ring, &done, 1, timeout, NULL);
	return result < 0 && result != -ETIME ? result : 0;
}

static int port_events(const struct haul_port *port)
{
	int events = 0;

	if (port->input_end > port->input_start)
		events |= HAUL_PORT_INPUT;
	if (port->written)
		events |= HAUL_PORT_WRITTEN;
	if (port->lost)
		events |= HAUL_PORT_LOST;
	for (unsigned i = 0; i < PORT_WATCHES; i++) {
		if (port->watch[i].fd >= 0 && port->watch[i].ready)
			events |= HAUL_PORT_WATCHED;
	}
	return events;
}

static void port_arm(struct haul_port *port)
{
	for (unsigned i = 0; i < PORT_WATCHES; i++) {
		if (!port->watch[i].armed)
			port->watch[i].ready = false;
	}
	port_arm_read(port);
	port_arm_write(port);
	port_arm_watches(port);
}

int port_wait(struct haul_port *port, int mask, uint64_t deadline_ns)
{
	bool over = false;
	int events, error;

	port_reap(port);
	port_arm(port);
	do {
		/* Even with an event at hand, look whether there are more: none may starve another.
		 */
		events = port_events(port) & mask;
		error = port_sleep(port, events ? 0 : deadline_ns);
		if (error < 0 && !events)
			return error;
		port_reap(port);
		events = port_events(port) & mask;
		port_arm_read(port);
		port_arm_write(port);
		over = deadline_ns != HAUL_PORT_FOREVER && haul_port_now_ns() >= deadline_ns;
	} while (!events && !over);
	if (events & HAUL_PORT_WRITTEN)
		port->written = false;
	return events;
}

int haul_port_wait(struct haul_port *port, uint64_t deadline_ns)
{
	return port_wait(port, ~0, deadline_ns);
}

int haul_port_wait_written(struct haul_port *port, uint64_t deadline_ns)
{
	return port_wait(port, ~HAUL_PORT_INPUT, deadline_ns);
}

/* Cancels `operation` and waits until its flag falls. */
static void port_cancel(struct haul_port *port, uint64_t operation, const bool *armed)
{
	uint64_t deadline_ns = haul_port_now_ns() + SECOND_NS;
	struct io_uring_sqe *entry;

	port_reap(port);
	if (!*armed)
		return;
	entry = port_entry(port, PORT_CANCEL);
	if (!entry)
		return;
	io_uring_prep_cancel64(entry, operation, 0);
	entry->user_data = PORT_CANCEL;
	while (*armed && haul_port_now_ns() < deadline_ns) {
		port_sleep(port, deadline_ns);
		port_reap(port);
	}
}

void port_cancel_write(struct haul_port *port)
{
	port_cancel(port, PORT_WRITE, &port->write_armed);
}

void port_cancel_all(struct haul_port *port)
{
	port_cancel(port, PORT_READ, &port->read_armed);
	port_cancel_write(port);
	for (unsigned i = 0; i < PORT_WATCHES; i++)
		port_cancel(port, PORT_WATCH + i, &port->watch[i].armed);
}

int haul_port_watch(struct haul_port *port, int fd)
{
	for (unsigned i = 0; i < PORT_WATCHES; i++) {
		if (port->watch[i].fd < 0) {
			port->watch[i] = (struct port_watch){.fd = fd};
			return 0;
		}
	}
	return -ENOSPC;
}

void haul_port_unwatch(struct haul_port *port, int fd)
{
	for (unsigned i = 0; i < PORT_WATCHES; i++) {
		if (port->watch[i].fd != fd)
			continue;
		port_cancel(port, PORT_WATCH + i, &port->watch[i].armed);
		port->watch[i].fd = -1;
	}
}

int haul_port_watched(const struct haul_port *port, int fd)
{
	for (unsigned i = 0; i < PORT_WATCHES; i++) {
		if (port->watch[i].fd == fd)
			return port->watch[i].ready;
	}
	return 0;
}
