/* SPDX-License-Identifier: MIT */
/*
 * Every line or frame that a port receives, as a record in the progress region. No byte is lost
 * unsaid: what the kernel or a framing dropped is a record too (HAUL_SERIAL_DROPPED).
 */
#ifndef SERIALCTL_STREAM_H
#define SERIALCTL_STREAM_H

#include "progress/region.h"
#include "serialctl/session.h"
#include "serialctl/task.h"

/* Streams until the channel to the coordinator closes (0), or the port is lost and shall not be
 * waited for (-ENODEV), or another error. The session stays open or lost as it is. */
int stream_run(
	struct session *session, const struct serial_task *task, struct lane *lane, int channel);

#endif
