/* SPDX-License-Identifier: MIT */
/* What a port's name says (include/haul/serial.h lists the forms), taken apart. */
#ifndef SERIALCTL_NAME_H
#define SERIALCTL_NAME_H

#include <stdbool.h>

#include "haul/serial.h"

/* Texts point into the name that was parsed; NULL where it says nothing. */
struct port_name {
	const char *path;
	bool usb; /* vendor and product are told */
	uint16_t vendor;
	uint16_t product;
	const char *serial;
	const char *location;
};

int port_name_parse(const char *text, struct port_name *ret_name); /* -EINVAL */
/* Whether a name that is not a path means this port. */
bool port_name_matches(const struct port_name *name, const struct haul_port_info *info);

#endif
