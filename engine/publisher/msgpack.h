/* SPDX-License-Identifier: MIT */
/*
 * Writes MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md) into a bounded
 * buffer, byte for byte as notepack does, the encoder of Socket.IO's Redis adapter: a number is an
 * integer if JavaScript would call it one, whatever it looks like in JSON.
 */
#ifndef ENGINE_PUBLISHER_MSGPACK_H
#define ENGINE_PUBLISHER_MSGPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct msgpack {
	unsigned char *data; /* the caller's */
	size_t capacity;
	size_t used;
	bool overflow; /* what did not fit makes all of it worth nothing */
};

void msgpack_open(struct msgpack *pack, void *data, size_t capacity);

/* Followed by `count` values, or twice as many: key, value, key, ... */
void msgpack_array(struct msgpack *pack, size_t count);
void msgpack_map(struct msgpack *pack, size_t count);
void msgpack_string(struct msgpack *pack, const char *text);
void msgpack_bytes_string(struct msgpack *pack, const char *text, size_t bytes);
void msgpack_number(struct msgpack *pack, double value);
void msgpack_bool(struct msgpack *pack, bool value);
void msgpack_null(struct msgpack *pack);

/* The value that a JSON text holds. False if it isn't valid; the buffer is then undefined. */
bool msgpack_json(struct msgpack *pack, const char *text, size_t bytes);

#endif
