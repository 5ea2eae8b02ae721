/* SPDX-License-Identifier: MIT */
#ifdef HAVE_LIBMICROHTTPD

#include "publisher/client.h"

#include <stdlib.h>
#include <string.h>

#include "publisher/mhd.h"

#define MAY_BYTES     (64u * 1024)       /* waiting, when progress is left out */
#define MUST_BYTES    (4u * 1024 * 1024) /* waiting, when the client is sent away */
#define FIRST_BYTES   4096u
#define BLOCK_BYTES   32768u
#define KEEP_ALIVE_NS UINT64_C(15000000000)

/* ---- the queue ---- */

static bool make_room(struct client *client, size_t bytes)
{
	size_t waiting = client->end - client->start;
	size_t capacity = client->capacity ? client->capacity : FIRST_BYTES;
	char *data;

	if (client->start)
		memmove(client->data, client->data + client->start, waiting);
	client->start = 0;
	client->end = waiting;
	while (capacity - waiting < bytes || capacity - waiting < waiting)
		capacity *= 2;
	if (capacity == client->capacity)
		return true;
	data = realloc(client->data, capacity);
	if (!data)
		return false;
	client->data = data;
	client->capacity = capacity;
	return true;
}

static void put(struct client *client, const char *text, size_t bytes)
{
	memcpy(client->data + client->end, text, bytes);
	client->end += bytes;
}

static void wake(struct client *client)
{
	if (!client->suspended)
		return;
	client->suspended = false;
	mhd.resume_connection(client->connection);
}

bool client_busy(const struct client *client)
{
	return client->end > client->start;
}

void client_tell(struct client *client, const char *name, const char *json, size_t json_bytes,
	bool must_arrive)
{
	static const char event[] = "event: ", data[] = "data: ";
	size_t waiting = client->end - client->start;
	size_t bytes = json_bytes + sizeof(event) + sizeof(data) + 3 + (name ? strlen(name) : 0);

	if (client->leaving)
		return;
	if (waiting + bytes > (must_arrive ? MUST_BYTES : MAY_BYTES) ||
		(bytes > client->capacity - client->end && !make_room(client, bytes))) {
		client->leaving = must_arrive;
		client->behind = true;
		wake(client);
		return;
	}
	if (name) {
		put(client, event, strlen(event));
		put(client, name, strlen(name));
		put(client, "\n", 1);
	}
	put(client, data, strlen(data));
	put(client, json, json_bytes);
	put(client, "\n\n", 2);
	client->said_ns = client->all->now_ns;
	wake(client);
}

/* ---- the response ---- */

static ssize_t read_client(void *context, uint64_t position, char *buffer, size_t capacity)
{
	struct client *client = context;
	size_t bytes = client->end - client->start;

	(void)position;
	if (client->leaving && (bytes == 0 || client->behind))
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (!bytes) {
		mhd.suspend_connection(client->connection);
		client->suspended = true;
		return 0;
	}
	if (bytes > capacity)
		bytes = capacity;
	memcpy(buffer, client->data + client->start, bytes);
	client->start += bytes;
	return (ssize_t)bytes;
}

static void free_client(void *context)
{
	struct client *client = context;
	struct client **at = &client->all->first;

	while (*at != client)
		at = &(*at)->next;
	*at = client->next;
	client->all->count--;
	free(client->data);
	free(client);
}

struct MHD_Response *client_open(
	struct clients *clients, struct MHD_Connection *connection, struct client **ret_client)
{
	struct client *client = clients->count < CLIENTS_MAX ? calloc(1, sizeof(*client)) : NULL;
	struct MHD_Response *response;

	if (!client)
		return NULL;
	client->all = clients;
	client->connection = connection;
	client->next = clients->first;
	clients->first = client;
	clients->count++;
	response = mhd.create_response_from_callback(
		MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_client, client, free_client);
	if (!response) {
		free_client(client);
		return NULL;
	}
	*ret_client = client;
	return response;
}

void clients_keep_alive(struct clients *clients, uint64_t now_ns)
{
	clients->now_ns = now_ns;
	for (struct client *client = clients->first; client; client = client->next)
		if (now_ns - client->said_ns > KEEP_ALIVE_NS && !client_busy(client))
			client_tell(client, "alive", "{}", 2, false);
}

void clients_dismiss(struct clients *clients)
{
	for (struct client *client = clients->first; client; client = client->next) {
		client->leaving = true;
		wake(client);
	}
}

#endif
