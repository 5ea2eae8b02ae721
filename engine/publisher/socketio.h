/* SPDX-License-Identifier: MIT */
/*
 * The sink of Socket.IO: what @socket.io/redis-emitter would publish, so that every Socket.IO
 * server with the Redis adapter on the same Redis emits it to its clients, as "job", "progress",
 * "file", "device" and "serial" with the event as the argument, in the namespace "/".
 *
 * Each job has a room of its name. A client that is in rooms of jobs that have begun hears of those
 * jobs only; one that is in none hears of all.
 */
#ifndef ENGINE_PUBLISHER_SOCKETIO_H
#define ENGINE_PUBLISHER_SOCKETIO_H

#include "publisher/msgpack.h"
#include "publisher/sink.h"

struct socketio_packet {
	const char *name;
	const char *json; /* the one argument */
	size_t json_bytes;
	const char *room;          /* NULL: to everybody */
	const char *const *except; /* rooms whose members don't get it */
	unsigned except_count;
	bool may_be_lost; /* Socket.IO's volatile */
};

/* The payload for the adapter's channel. False if the JSON isn't valid or it does not fit. */
bool socketio_encode(const struct socketio_packet *packet, struct msgpack *pack);

/* Errors as of redis_open. */
int socketio_open(const char *url, struct sink **ret_sink);

#endif
