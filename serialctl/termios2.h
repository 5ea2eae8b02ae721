/* SPDX-License-Identifier: MIT */
/*
 * The terminal settings of a port, through the kernel's own structure, which takes any rate.
 *
 * libserialport could set them too, but only on a port that it opened itself, and its open changes
 * the settings before anyone could ask whether the port is somebody else's; it also leaves VMIN at
 * 0, with which an io_uring read of an idle port returns 0, as it does when the port is gone.
 */
#ifndef SERIALCTL_TERMIOS2_H
#define SERIALCTL_TERMIOS2_H

#include "haul/serial.h"

/* Makes the port raw and sets it up, in one step. -EINVAL: settings out of range, or the driver
 * can't make the rate (within 3 %, as far as a receiver gets along with). */
int termios2_configure(int fd, const struct haul_port_settings *settings);

#endif
