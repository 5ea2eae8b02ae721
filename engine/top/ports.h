/* SPDX-License-Identifier: MIT */
/* The serial ports: those that are there, who has them, and what jobs say of those they use. */
#ifndef ENGINE_TOP_PORTS_H
#define ENGINE_TOP_PORTS_H

#include <stdbool.h>

#include "haul/serial.h"
#include "publisher/event.h"
#include "top/text.h"

#define TOP_PORTS_MAX 64

struct top_port {
	char path[HAUL_PORT_PATH_BYTES];
	char what[HAUL_PORT_NAME_BYTES]; /* a description, "" where nothing is known */
	bool listed;
	bool held; /* by a process that this user can see */
	struct haul_port_holder holder;
	char job[HAUL_JOB_BYTES + 1]; /* the last one that used it, "" for none */
	bool used;                    /* that job has it now, or waits for it */
	bool lost;
	struct top_text line;    /* the last one that came */
	struct top_text dropped; /* the last that was said of bytes that were lost */
};

struct top_ports {
	struct top_port *row[TOP_PORTS_MAX];
	unsigned count;
};

/* All zeros is an empty list. */
void top_ports_close(struct top_ports *ports);

/* Takes a serial event, or the last one of a job. */
void top_ports_take(struct top_ports *ports, const struct event *event);

/* Looks which ports there are and who has them. */
void top_ports_refresh(struct top_ports *ports);

#endif
