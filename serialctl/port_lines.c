/* SPDX-License-Identifier: MIT */
/* What a port has beside its data: modem lines, breaks, the driver's counters. */
#include <errno.h>
#include <sys/ioctl.h>

#include <linux/serial.h>

#include "serialctl/port.h"

static const struct {
	unsigned line;
	int bit;
} line_bits[] = {
	{HAUL_LINE_DTR, TIOCM_DTR},
	{HAUL_LINE_RTS, TIOCM_RTS},
	{HAUL_LINE_CTS, TIOCM_CTS},
	{HAUL_LINE_DSR, TIOCM_DSR},
	{HAUL_LINE_DCD, TIOCM_CAR},
	{HAUL_LINE_RI, TIOCM_RNG},
};

/* EIO is what a terminal says after a hang-up. */
static int port_error(void)
{
	return errno == EIO ? -ENODEV : -errno;
}

int haul_port_lines(struct haul_port *port)
{
	int bits, lines = 0;

	if (ioctl(port->fd, TIOCMGET, &bits) < 0)
		return port_error();
	for (unsigned i = 0; i < sizeof(line_bits) / sizeof(line_bits[0]); i++) {
		if (bits & line_bits[i].bit)
			lines |= (int)line_bits[i].line;
	}
	return lines;
}

int haul_port_set_lines(struct haul_port *port, unsigned lines, int on)
{
	int bits = 0;

	bits |= lines & HAUL_LINE_DTR ? TIOCM_DTR : 0;
	bits |= lines & HAUL_LINE_RTS ? TIOCM_RTS : 0;
	return ioctl(port->fd, on ? TIOCMBIS : TIOCMBIC, &bits) < 0 ? port_error() : 0;
}

int haul_port_break(struct haul_port *port, int on)
{
	return ioctl(port->fd, on ? TIOCSBRK : TIOCCBRK) < 0 ? port_error() : 0;
}

int haul_port_counters(struct haul_port *port, struct haul_port_counters *ret_counters)
{
	struct serial_icounter_struct count;

	if (ioctl(port->fd, TIOCGICOUNT, &count) < 0)
		return port_error();
	*ret_counters = (struct haul_port_counters){
		.received_bytes = (uint64_t)count.rx,
		.sent_bytes = (uint64_t)count.tx,
		.overruns = (uint64_t)count.overrun,
		.buffer_overruns = (uint64_t)count.buf_overrun,
		.frame_errors = (uint64_t)count.frame,
		.parity_errors = (uint64_t)count.parity,
		.breaks = (uint64_t)count.brk,
	};
	return 0;
}
