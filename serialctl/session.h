/* SPDX-License-Identifier: MIT */
/*
 * A port that may go away and come back: opened again by what it is, with its settings. Nothing
 * that was queued for the port before it was lost is written after.
 */
#ifndef SERIALCTL_SESSION_H
#define SERIALCTL_SESSION_H

#include "haul/serial.h"

struct session {
	struct haul_port *port; /* NULL while it is lost */
	struct haul_port_settings settings;
	char name[HAUL_PORT_NAME_BYTES]; /* by which it is found again */
	char path[HAUL_PORT_PATH_BYTES]; /* where it was found last */
	int arrival_fd;
};

/* Errors are haul_port_open's. */
int session_open(
	struct session *ret_session, const char *name, const struct haul_port_settings *settings);
void session_close(struct session *session);

/* The port said that it is lost: closes what is left of it. */
void session_lose(struct session *session);

/* Tries to open the port again, and sleeps a little if it isn't there. Returns 0 when it is open,
 * -EAGAIN when it isn't yet, 1 when other_fd has input, or an error that waiting won't cure. */
int session_regain(struct session *session, int other_fd);

#endif
