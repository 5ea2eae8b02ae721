/* SPDX-License-Identifier: MIT */
/* What is known about one port; the whole list is haul_ports_each of include/haul/serial.h. */
#ifndef SERIALCTL_INVENTORY_H
#define SERIALCTL_INVENTORY_H

#include "haul/serial.h"

/* Describes the port at the path of a device node, listed or not. */
int inventory_describe(const char *path, struct haul_port_info *ret_info);

#endif
