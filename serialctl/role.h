/* SPDX-License-Identifier: MIT */
/* The life of a serial process: one port, one task, one lane of the progress region. */
#ifndef SERIALCTL_ROLE_H
#define SERIALCTL_ROLE_H

#include "serialctl/task.h"

/* Maps the region at its descriptor, opens the port, does the task, and tells the coordinator what
 * fails and that it ends. Returns 0 or -errno. */
int serial_role_run(const struct serial_task *task, unsigned lane_index);

#endif
