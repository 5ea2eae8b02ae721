/* SPDX-License-Identifier: MIT */
/*
 * A sink that hands events on to a Redis server. What must arrive is kept until the server has
 * answered, across as many connections as that takes and up to a bound; of progress, only the
 * newest of each job is sent, when the server keeps up. When a connection is made, the state of all
 * jobs is told again. How events become commands is up to the kind of relay.
 *
 * Only where hiredis is (HAVE_HIREDIS).
 */
#ifndef ENGINE_PUBLISHER_RELAY_H
#define ENGINE_PUBLISHER_RELAY_H

#include <stdbool.h>

#include "publisher/board.h"
#include "publisher/connection.h"
#include "publisher/sink.h"

struct relay_message {
	const char *name; /* of the event: "job", "file", ... */
	const char *job;
	const char *json;
	size_t json_bytes;
	bool must_arrive;
	const struct board_row *row; /* the job's newest state; NULL: not known */
	const struct board *board;
};

struct relay_format {
	const char *name; /* of the sink */
	/* Appends the commands that pass on a message. 0, -EMSGSIZE if it never can, or -errno. */
	int (*message)(struct connection *connection, const struct relay_message *message);
	/* Appends those that tell a job's state to a server that may have forgotten it. NULL: none.
	 */
	int (*state)(struct connection *connection, const struct board_row *row);
};

/* Opens a sink. -EINVAL and others as address_parse has them. */
int relay_open(const char *url, const struct relay_format *format, struct sink **ret_sink);

#endif
