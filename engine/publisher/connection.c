/* SPDX-License-Identifier: MIT */
#ifdef HAVE_HIREDIS

#include "publisher/connection.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <hiredis.h>

#define NS_PER_MS         UINT64_C(1000000)
#define ANSWER_NS         (5000 * NS_PER_MS) /* a server that takes longer is as good as dead */
#define RETRY_FIRST_MS    100u
#define RETRY_LAST_MS     10000u
#define RETRY_REFUSED_MS  30000u /* wrong passwords don't become right */
#define BACKLOG_BYTES_MAX (4u * 1024 * 1024)
#define ANSWER_BYTES_MAX  (256u * 1024) /* none of our commands has a long one */
#define PARTS_MAX         16

void connection_open(const struct address *address, const struct connection_events *events,
	struct connection *ret_connection)
{
	*ret_connection = (struct connection){.address = *address, .events = *events, .fd = -1};
	/* Without randomness, the pauses are only less well spread. */
	if (getrandom(&ret_connection->random, sizeof(ret_connection->random), GRND_NONBLOCK) < 0)
		ret_connection->random = (uint64_t)(uintptr_t)ret_connection;
	ret_connection->random |= 1;
}

static void disconnect(struct connection *connection)
{
	if (connection->fd >= 0)
		close(connection->fd);
	if (connection->reader)
		redisReaderFree(connection->reader);
	outbox_close(&connection->outbox);
	connection->fd = -1;
	connection->reader = NULL;
	connection->sent = 0;
	connection->answered = 0;
	connection->state = CONNECTION_CLOSED;
}

void connection_close(struct connection *connection)
{
	disconnect(connection);
}

/* xorshift64: from half to one and a half times `ms`. */
static uint64_t jittered_ns(struct connection *connection, unsigned ms)
{
	connection->random ^= connection->random << 13;
	connection->random ^= connection->random >> 7;
	connection->random ^= connection->random << 17;
	return (ms / 2 + connection->random % ms) * NS_PER_MS;
}

static void fail(
	struct connection *connection, uint64_t now_ns, unsigned pause_ms, const char *reason)
{
	char text[256];

	disconnect(connection);
	connection->retry_ns = now_ns + jittered_ns(connection, pause_ms);
	connection->failures++;
	if (connection->complained)
		return;
	connection->complained = true;
	snprintf(text, sizeof(text), "%s; trying again", reason);
	connection->events.said(connection->events.context, text);
}

static void fail_later(struct connection *connection, uint64_t now_ns, const char *reason)
{
	unsigned doublings = connection->failures < 7 ? connection->failures : 7;
	unsigned pause_ms = RETRY_FIRST_MS << doublings;

	fail(connection, now_ns, pause_ms < RETRY_LAST_MS ? pause_ms : RETRY_LAST_MS, reason);
}

/* ---- sending ---- */

static int append(
	struct connection *connection, unsigned count, const char *const *part, const size_t *bytes)
{
	const char *parts[PARTS_MAX];
	char *command;
	int length, error;

	if (count > PARTS_MAX)
		return -EINVAL;
	memcpy(parts, part, count * sizeof(*part));
	length = redisFormatCommandArgv(&command, (int)count, parts, bytes);
	if (length < 0)
		return -ENOMEM;
	error = outbox_put(&connection->outbox, command, (size_t)length, BACKLOG_BYTES_MAX);
	redisFreeCommand(command);
	if (!error)
		connection->sent++;
	return error;
}

int connection_command(
	struct connection *connection, unsigned count, const char *const *part, const size_t *bytes)
{
	return connection->state == CONNECTION_READY ? append(connection, count, part, bytes)
						     : -ENOTCONN;
}

static int append_words(struct connection *connection, unsigned count, const char *const *word)
{
	size_t bytes[PARTS_MAX];

	for (unsigned at = 0; at < count; at++)
		bytes[at] = strlen(word[at]);
	return append(connection, count, word, bytes);
}

static int append_auth(struct connection *connection)
{
	const struct address *address = &connection->address;

	if (!address->password[0])
		return 0;
	if (address->user[0])
		return append_words(connection, 3,
			(const char *const[]){"AUTH", address->user, address->password});
	return append_words(connection, 2, (const char *const[]){"AUTH", address->password});
}

static int append_select(struct connection *connection)
{
	char database[16];

	if (!connection->address.database)
		return 0;
	snprintf(database, sizeof(database), "%u", connection->address.database);
	return append_words(connection, 2, (const char *const[]){"SELECT", database});
}

static void greet(struct connection *connection, uint64_t now_ns)
{
	connection->reader = redisReaderCreate();
	if (!connection->reader || append_auth(connection) || append_select(connection) ||
		append_words(connection, 1, (const char *const[]){"PING"})) {
		fail_later(connection, now_ns, strerror(ENOMEM));
		return;
	}
	connection->greeting = connection->sent;
	connection->deadline_ns = now_ns + ANSWER_NS;
	connection->state = CONNECTION_GREETING;
}

/* ---- connecting ---- */

static void connect_now(struct connection *connection, uint64_t now_ns)
{
	const struct sockaddr *socket_address =
		(const struct sockaddr *)&connection->address.socket;

	connection->fd =
		socket(socket_address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (connection->fd < 0) {
		fail_later(connection, now_ns, strerror(errno));
		return;
	}
	connection->deadline_ns = now_ns + ANSWER_NS;
	if (connect(connection->fd, socket_address, connection->address.socket_bytes) == 0)
		greet(connection, now_ns);
	else if (errno == EINPROGRESS)
		connection->state = CONNECTION_CONNECTING;
	else /* a unix socket whose queue is full says EAGAIN */
		fail_later(connection, now_ns, strerror(errno));
}

static void check_connected(struct connection *connection, uint64_t now_ns)
{
	struct pollfd ready = {connection->fd, POLLOUT, 0};
	int error = 0;
	socklen_t bytes = sizeof(error);

	if (poll(&ready, 1, 0) <= 0) {
		if (now_ns > connection->deadline_ns)
			fail_later(connection, now_ns, "no connection in time");
		return;
	}
	if (getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &bytes) < 0)
		error = errno;
	if (error)
		fail_later(connection, now_ns, strerror(error));
	else
		greet(connection, now_ns);
}

/* ---- receiving ---- */

static void become_ready(struct connection *connection)
{
	connection->state = CONNECTION_READY;
	connection->generation++;
	connection->failures = 0;
	if (connection->complained)
		connection->events.said(connection->events.context, "connected again");
	connection->complained = false;
}

/* Returns false when the connection was given up over it. */
static bool take_answer(struct connection *connection, const redisReply *reply, uint64_t now_ns)
{
	const char *error = reply->type == REDIS_REPLY_ERROR ? reply->str : NULL;

	connection->answered++;
	connection->deadline_ns = now_ns + ANSWER_NS;
	if (connection->state == CONNECTION_READY) {
		connection->events.answered(
			connection->events.context, connection->answered, error);
		return true;
	}
	if (error && strncmp(error, "LOADING", 7) == 0) {
		fail_later(connection, now_ns, error);
		return false;
	}
	if (error) {
		char text[200];

		snprintf(text, sizeof(text), "%s", error);
		fail(connection, now_ns, RETRY_REFUSED_MS, text);
		return false;
	}
	if (connection->answered == connection->greeting)
		become_ready(connection);
	return true;
}

/* Hands on the answers that are complete. Returns false when the connection is gone. */
static bool take_answers(struct connection *connection, uint64_t now_ns)
{
	for (;;) {
		void *reply = NULL;
		bool good;

		if (redisReaderGetReply(connection->reader, &reply) != REDIS_OK ||
			connection->reader->len > ANSWER_BYTES_MAX) {
			fail_later(connection, now_ns, "the answer is no Redis server's");
			return false;
		}
		if (!reply)
			return true;
		good = take_answer(connection, reply, now_ns);
		freeReplyObject(reply);
		if (!good)
			return false;
	}
}

static void receive(struct connection *connection, uint64_t now_ns)
{
	for (;;) {
		char data[16384];
		ssize_t got = recv(connection->fd, data, sizeof(data), MSG_DONTWAIT);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN)
			return;
		if (got <= 0) {
			fail_later(
				connection, now_ns, got ? strerror(errno) : "the server hung up");
			return;
		}
		if (redisReaderFeed(connection->reader, data, (size_t)got) != REDIS_OK) {
			fail_later(connection, now_ns, strerror(ENOMEM));
			return;
		}
		if (!take_answers(connection, now_ns))
			return;
	}
}

static void exchange(struct connection *connection, uint64_t now_ns)
{
	int error = outbox_send(&connection->outbox, connection->fd);

	if (error) {
		fail_later(connection, now_ns, strerror(-error));
		return;
	}
	receive(connection, now_ns);
	if (connection->state == CONNECTION_CLOSED)
		return;
	if (connection->answered == connection->sent)
		connection->deadline_ns = now_ns + ANSWER_NS;
	else if (now_ns > connection->deadline_ns)
		fail_later(connection, now_ns, "no answer in time");
}

void connection_advance(struct connection *connection, uint64_t now_ns)
{
	if (connection->state == CONNECTION_CLOSED && now_ns >= connection->retry_ns)
		connect_now(connection, now_ns);
	if (connection->state == CONNECTION_CONNECTING)
		check_connected(connection, now_ns);
	if (connection->state == CONNECTION_GREETING || connection->state == CONNECTION_READY)
		exchange(connection, now_ns);
}

int connection_fd(const struct connection *connection, short *ret_events)
{
	*ret_events =
		connection->state == CONNECTION_CONNECTING || outbox_bytes(&connection->outbox)
			? POLLIN | POLLOUT
			: POLLIN;
	return connection->fd;
}

bool connection_ready(const struct connection *connection)
{
	return connection->state == CONNECTION_READY;
}

size_t connection_backlog_bytes(const struct connection *connection)
{
	return outbox_bytes(&connection->outbox);
}

#endif
