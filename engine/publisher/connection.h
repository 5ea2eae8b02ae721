/* SPDX-License-Identifier: MIT */
/*
 * A connection to a Redis server that is kept up: made without blocking, made again after a pause
 * that grows with each failure, and closed when the server stops answering. Commands are pipelined;
 * each is answered, in order. hiredis encodes them and decodes the answers; the socket is our own.
 *
 * Only where hiredis is (HAVE_HIREDIS).
 */
#ifndef ENGINE_PUBLISHER_CONNECTION_H
#define ENGINE_PUBLISHER_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "publisher/address.h"
#include "publisher/outbox.h"

enum connection_state {
	CONNECTION_CLOSED, /* until retry_ns */
	CONNECTION_CONNECTING,
	CONNECTION_GREETING, /* connected; the answers to AUTH, SELECT and PING are on their way */
	CONNECTION_READY,
};

struct connection_events {
	/* Command `number` of this connection was answered; `error` is what the server said, or
	 * NULL. */
	void (*answered)(void *context, uint64_t number, const char *error);
	/* For people: the connection failed or came back, each once. */
	void (*said)(void *context, const char *text);
	void *context;
};

struct connection {
	struct address address;
	struct connection_events events;
	enum connection_state state;
	int fd; /* -1 while closed */
	struct redisReader *reader;
	struct outbox outbox;
	uint64_t sent;        /* commands of this connection */
	uint64_t answered;    /* of them */
	uint64_t greeting;    /* how many commands the greeting has */
	uint64_t deadline_ns; /* for the next answer */
	uint64_t retry_ns;
	unsigned failures;   /* in a row */
	unsigned generation; /* rises each time that it becomes ready */
	uint64_t random;
	bool complained;
};

void connection_open(const struct address *address, const struct connection_events *events,
	struct connection *ret_connection);
void connection_close(struct connection *connection);

/* Connects, sends, receives: whatever can be done now. */
void connection_advance(struct connection *connection, uint64_t now_ns);

/* What to wait for: a descriptor and its poll(2) events, or -1. */
int connection_fd(const struct connection *connection, short *ret_events);

bool connection_ready(const struct connection *connection);

/* How many bytes wait to be sent. */
size_t connection_backlog_bytes(const struct connection *connection);

/* Appends a command, when ready. Its number is connection->sent afterwards. -ENOTCONN, -ENOMEM,
 * -ENOSPC.
 */
int connection_command(struct connection *connection, unsigned count, const char *const *part,
	const size_t *bytes);

#endif
