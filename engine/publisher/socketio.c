/* SPDX-License-Identifier: MIT */
#include "publisher/socketio.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "publisher/relay.h"

#define PACKET_EVENT 2 /* of the Socket.IO protocol */
#define CHANNEL      "socket.io#/#"
#define PAYLOAD_MAX  (EVENT_JSON_BYTES + BOARD_MAX * (HAUL_JOB_BYTES + 8) + 256)

static void encode_packet(
	const struct socketio_packet *packet, struct msgpack *pack, bool *ret_valid)
{
	msgpack_map(pack, 3);
	msgpack_string(pack, "type");
	msgpack_number(pack, PACKET_EVENT);
	msgpack_string(pack, "data");
	msgpack_array(pack, 2);
	msgpack_string(pack, packet->name);
	*ret_valid = msgpack_json(pack, packet->json, packet->json_bytes);
	msgpack_string(pack, "nsp");
	msgpack_string(pack, "/");
}

static void encode_options(const struct socketio_packet *packet, struct msgpack *pack)
{
	msgpack_map(pack, 3);
	msgpack_string(pack, "rooms");
	msgpack_array(pack, packet->room ? 1 : 0);
	if (packet->room)
		msgpack_string(pack, packet->room);
	msgpack_string(pack, "flags");
	msgpack_map(pack, packet->may_be_lost ? 1 : 0);
	if (packet->may_be_lost) {
		msgpack_string(pack, "volatile");
		msgpack_bool(pack, true);
	}
	msgpack_string(pack, "except");
	msgpack_array(pack, packet->except_count);
	for (unsigned at = 0; at < packet->except_count; at++)
		msgpack_string(pack, packet->except[at]);
}

bool socketio_encode(const struct socketio_packet *packet, struct msgpack *pack)
{
	bool valid;

	msgpack_array(pack, 3);
	msgpack_string(pack, "emitter");
	encode_packet(packet, pack, &valid);
	encode_options(packet, pack);
	return valid && !pack->overflow;
}

#ifdef HAVE_HIREDIS

static int publish(struct connection *connection, const struct socketio_packet *packet)
{
	static const char command[] = "PUBLISH";
	unsigned char *payload = malloc(PAYLOAD_MAX);
	char channel[128];
	struct msgpack pack;
	int error = -EMSGSIZE;

	if (!payload)
		return -ENOMEM;
	/* A payload that is cut off would take the Node server down: it is never sent. */
	msgpack_open(&pack, payload, PAYLOAD_MAX);
	if (socketio_encode(packet, &pack)) {
		snprintf(channel, sizeof(channel), "%s%s%s", CHANNEL,
			packet->room ? packet->room : "", packet->room ? "#" : "");
		error = connection_command(connection, 3,
			(const char *const[]){command, channel, (const char *)pack.data},
			(const size_t[]){strlen(command), strlen(channel), pack.used});
	}
	free(payload);
	return error;
}

/* A server drops what may be lost when it has not sent what came just before: in a burst of files
 * that would be the progress, of which there is little anyway. */
static bool may_be_lost(const struct relay_message *message)
{
	return !message->must_arrive && strcmp(message->name, "progress") != 0;
}

/* To the job's room, and to those who are in no job's room. */
static int pass_on(struct connection *connection, const struct relay_message *message)
{
	const char *rooms[BOARD_MAX + 1];
	struct socketio_packet packet = {
		.name = message->name,
		.json = message->json,
		.json_bytes = message->json_bytes,
		.room = message->job,
		.may_be_lost = may_be_lost(message),
	};
	int error = publish(connection, &packet);

	if (error)
		return error;
	packet.room = NULL;
	packet.except = rooms;
	for (unsigned at = 0; at < message->board->count; at++)
		rooms[packet.except_count++] = message->board->row[at]->job;
	if (!message->row)
		rooms[packet.except_count++] = message->job;
	return publish(connection, &packet);
}

int socketio_open(const char *url, struct sink **ret_sink)
{
	static const struct relay_format format = {.name = "socketio", .message = pass_on};

	return relay_open(url, &format, ret_sink);
}

#else

int socketio_open(const char *url, struct sink **ret_sink)
{
	(void)url;
	(void)ret_sink;
	return -ENOSYS;
}

#endif
