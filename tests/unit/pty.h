/* SPDX-License-Identifier: MIT */
/* A pseudo-terminal whose slave is opened as a port, and whose master plays the device. */
#ifndef TESTS_UNIT_PTY_H
#define TESTS_UNIT_PTY_H

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "haul/serial.h"

#define MILLISECOND UINT64_C(1000000)

struct pty {
	int master;
	char path[64];
};

static inline int pty_open(struct pty *ret_pty)
{
	ret_pty->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (ret_pty->master < 0 || grantpt(ret_pty->master) || unlockpt(ret_pty->master))
		return -1;
	return ptsname_r(ret_pty->master, ret_pty->path, sizeof(ret_pty->path));
}

static inline uint64_t soon(uint64_t milliseconds)
{
	return haul_port_now_ns() + milliseconds * MILLISECOND;
}

#endif
