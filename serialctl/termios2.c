/* SPDX-License-Identifier: MIT */
#include "serialctl/termios2.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>

#include <asm/termbits.h> /* not <termios.h>: the two can't be included together */

static bool settings_valid(const struct haul_port_settings *settings)
{
	return settings->rate_baud > 0 && settings->data_bits >= 5 && settings->data_bits <= 8 &&
	       settings->stop_bits >= 1 && settings->stop_bits <= 2 &&
	       settings->parity <= HAUL_PARITY_SPACE && settings->flow <= HAUL_FLOW_SOFTWARE;
}

static tcflag_t control_flags(const struct haul_port_settings *settings)
{
	static const tcflag_t size[] = {CS5, CS6, CS7, CS8};
	static const tcflag_t parity[] = {
		0, PARENB, PARENB | PARODD, PARENB | PARODD | CMSPAR, PARENB | CMSPAR};
	tcflag_t flags = CREAD | CLOCAL | BOTHER | BOTHER << IBSHIFT;

	flags |= size[settings->data_bits - 5] | parity[settings->parity];
	flags |= settings->stop_bits == 2 ? CSTOPB : 0;
	flags |= settings->flow == HAUL_FLOW_HARDWARE ? CRTSCTS : 0;
	return flags;
}

static void make_raw(struct termios2 *line, const struct haul_port_settings *settings)
{
	line->c_iflag = IGNBRK;
	if (settings->flow == HAUL_FLOW_SOFTWARE)
		line->c_iflag |= IXON | IXOFF;
	if (settings->parity != HAUL_PARITY_NONE)
		line->c_iflag |= INPCK;
	line->c_oflag = 0;
	line->c_lflag = 0;
	memset(line->c_cc, 0, sizeof(line->c_cc));
	line->c_cc[VSTART] = 0x11;
	line->c_cc[VSTOP] = 0x13;
	line->c_cc[VMIN] = 1;
}

static bool rate_near(speed_t found, uint32_t wanted)
{
	uint64_t difference = found > wanted ? found - wanted : wanted - found;

	return difference * 100 <= (uint64_t)wanted * 3;
}

int termios2_configure(int fd, const struct haul_port_settings *settings)
{
	struct termios2 line;

	if (!settings_valid(settings))
		return -EINVAL;
	if (ioctl(fd, TCGETS2, &line) < 0)
		return -errno;
	make_raw(&line, settings);
	/* HUPCL stays as it is: whether a close resets the board is the system's habit. */
	line.c_cflag = (line.c_cflag & HUPCL) | control_flags(settings);
	line.c_ispeed = line.c_ospeed = settings->rate_baud;
	if (ioctl(fd, TCSETS2, &line) < 0 || ioctl(fd, TCGETS2, &line) < 0)
		return -errno;
	return rate_near(line.c_ospeed, settings->rate_baud) ? 0 : -EINVAL;
}
