/* SPDX-License-Identifier: MIT */
/* A port's life: open for one process alone, configure, close without hanging. */
#include "serialctl/port.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/tty.h>

#include "serialctl/termios2.h"

#define RING_ENTRIES 16u /* read, write, four watches, and their cancels */

/* ioctl numbers that <termios.h> has, which can't be included where termios2 is. */
#define FLUSH_INPUT  0 /* TCIFLUSH */
#define FLUSH_OUTPUT 1 /* TCOFLUSH */

/* TIOCEXCL keeps out everybody but root, flock keeps out whoever asks: both are needed, and looked
 * at before the settings are touched, since they would change under the other's hands. */
static int port_claim(int fd)
{
	int taken = 0;

	if (ioctl(fd, TIOCGEXCL, &taken) < 0)
		return -errno;
	if (taken)
		return -EBUSY;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	return ioctl(fd, TIOCEXCL) < 0 ? -errno : 0;
}

static int port_open_fd(const char *path, const struct haul_port_settings *settings)
{
	int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	int error;

	if (fd < 0)
		return errno == ENXIO || errno == ENOENT ? -ENODEV : -errno;
	error = port_claim(fd);
	if (!error)
		error = termios2_configure(fd, settings);
	if (!error && ioctl(fd, TCFLSH, FLUSH_INPUT) < 0)
		error = -errno;
	if (error) {
		close(fd);
		/* A device that answers EIO while it is opened is on its way out. */
		return error == -EIO ? -ENODEV : error;
	}
	return fd;
}

int haul_port_open(
	const char *name, const struct haul_port_settings *settings, struct haul_port **ret_port)
{
	struct haul_port *port = calloc(1, sizeof(*port));
	int error;

	if (!port)
		return -ENOMEM;
	error = haul_port_find(name, &port->info);
	if (error)
		goto free_port;
	port->settings = *settings;
	for (unsigned i = 0; i < PORT_WATCHES; i++)
		port->watch[i].fd = -1;
	error = io_uring_queue_init(RING_ENTRIES, &port->ring, 0);
	if (error)
		goto free_port;
	port->fd = port_open_fd(port->info.path, settings);
	if (port->fd < 0) {
		error = port->fd;
		goto exit_ring;
	}
	*ret_port = port;
	return 0;
exit_ring:
	io_uring_queue_exit(&port->ring);
free_port:
	free(port);
	return error;
}

void haul_port_close(struct haul_port *port)
{
	int held_back = 0;

	if (!port)
		return;
	/* A close with a READ pending would leave the terminal open. */
	port_cancel_all(port);
	/* A close waits up to half a minute for output that flow control holds back. A
	 * pseudo-terminal reports none, and a flush would take from its reader what was written. */
	if (ioctl(port->fd, TIOCOUTQ, &held_back) == 0 && held_back)
		ioctl(port->fd, TCFLSH, FLUSH_OUTPUT);
	ioctl(port->fd, TIOCNXCL);
	close(port->fd);
	io_uring_queue_exit(&port->ring);
	free(port);
}

const struct haul_port_info *haul_port_info(const struct haul_port *port)
{
	return &port->info;
}

const struct haul_port_settings *haul_port_settings(const struct haul_port *port)
{
	return &port->settings;
}

int haul_port_configure(struct haul_port *port, const struct haul_port_settings *settings)
{
	int error = termios2_configure(port->fd, settings);

	if (error)
		return error == -EIO ? -ENODEV : error;
	port->settings = *settings;
	return 0;
}

void haul_port_discard_input(struct haul_port *port)
{
	/* The pending READ may have completed already: its bytes are old too. */
	haul_port_wait(port, 0);
	port->input_start = port->input_end;
	if (!port->read_armed)
		port->input_start = port->input_end = 0;
	ioctl(port->fd, TCFLSH, FLUSH_INPUT);
}

void haul_port_discard_output(struct haul_port *port)
{
	port_cancel_write(port);
	port->output_start = port->output_end = 0;
	port->written = false;
	ioctl(port->fd, TCFLSH, FLUSH_OUTPUT);
}
