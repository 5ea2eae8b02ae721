/* SPDX-License-Identifier: MIT */
/*
 * Sleeping until a terminal device appears, by the kernel's uevents (the netlink group that udev
 * listens to). What can't be told that way (a pseudo-terminal, a link that was changed, a machine
 * where netlink is refused) is caught by looking again at least four times a second.
 */
#ifndef SERIALCTL_ARRIVAL_H
#define SERIALCTL_ARRIVAL_H

#include <stdint.h>

/* A descriptor for arrival_wait, close-on-exec, or -errno. */
int arrival_open(void);

/* Returns 1 when other_fd (or -1) has input or hung up, 0 when it is time to look for the port
 * again, -EINTR on a signal. `fd` may be an error that arrival_open returned. */
int arrival_wait(int fd, int other_fd);

#endif
