/* SPDX-License-Identifier: MIT */
/*
 * The browsers that listen to /events, as server-sent events
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html). Each has a bounded queue: a
 * slow one misses progress first, and is sent away when even what must arrive doesn't fit. It
 * comes back by itself and is told everything anew.
 *
 * Only where libmicrohttpd is (HAVE_LIBMICROHTTPD).
 */
#ifndef ENGINE_PUBLISHER_CLIENT_H
#define ENGINE_PUBLISHER_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "publisher/outbox.h"

#define CLIENTS_MAX 64

struct MHD_Connection;
struct MHD_Response;

struct client {
	struct client *next;
	struct clients *all;
	struct MHD_Connection *connection;
	char *data; /* what waits is [start, end) */
	size_t capacity;
	size_t start;
	size_t end;
	bool suspended; /* it has nothing to send */
	bool leaving;
	bool behind;      /* it missed progress */
	uint64_t said_ns; /* when it was sent something last */
};

struct clients {
	struct client *first;
	unsigned count;
	uint64_t now_ns;
};

/* A response that sends what is told to the client from now on. NULL: too many, or no memory. */
struct MHD_Response *client_open(
	struct clients *clients, struct MHD_Connection *connection, struct client **ret_client);

/* One message: its JSON, and its name unless it is NULL. What doesn't fit is left out, and if it
 * must arrive, the client is sent away. */
void client_tell(struct client *client, const char *name, const char *json, size_t json_bytes,
	bool must_arrive);

/* Whether there is anything to send. */
bool client_busy(const struct client *client);

/* Sends a comment to those who have not heard anything for long, to see whether they are there. */
void clients_keep_alive(struct clients *clients, uint64_t now_ns);

/* Ends all responses as soon as what waits is sent. */
void clients_dismiss(struct clients *clients);

#endif
