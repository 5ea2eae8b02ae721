/* SPDX-License-Identifier: MIT */
#include "publisher/redis.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "publisher/relay.h"

#ifdef HAVE_HIREDIS

#define KEY_BYTES      128
#define EXPIRE_RUNNING "3600"
#define EXPIRE_ENDED   "86400"
#define STREAM_LENGTH  "10000"

/* A command's words, some of which are not text. */
struct words {
	unsigned count;
	const char *part[16];
	size_t bytes[16];
};

static void add_bytes(struct words *words, const char *part, size_t bytes)
{
	words->part[words->count] = part;
	words->bytes[words->count++] = bytes;
}

static void add(struct words *words, const char *part)
{
	add_bytes(words, part, strlen(part));
}

static int send_words(struct connection *connection, const struct words *words)
{
	return connection_command(connection, words->count, words->part, words->bytes);
}

static int publish(struct connection *connection, const struct relay_message *message)
{
	struct words words = {0};
	char channel[KEY_BYTES];

	snprintf(channel, sizeof(channel), "haul:job:%s:events", message->job);
	add(&words, "PUBLISH");
	add(&words, channel);
	add_bytes(&words, message->json, message->json_bytes);
	return send_words(connection, &words);
}

static int append(struct connection *connection, const struct relay_message *message)
{
	static const char *const head[] = {
		"XADD", "haul:events", "MAXLEN", "~", STREAM_LENGTH, "*", "job"};
	struct words words = {0};

	for (size_t at = 0; at < sizeof(head) / sizeof(head[0]); at++)
		add(&words, head[at]);
	add(&words, message->job);
	add(&words, "event");
	add_bytes(&words, message->json, message->json_bytes);
	return send_words(connection, &words);
}

static int set_state(struct connection *connection, const struct board_row *row)
{
	struct words words = {0};
	char key[KEY_BYTES], seq[24];

	snprintf(key, sizeof(key), "haul:job:%s", row->job);
	snprintf(seq, sizeof(seq), "%" PRIu64, row->seq);
	add(&words, "HSET");
	add(&words, key);
	add(&words, "state");
	add(&words, row->state);
	add(&words, "seq");
	add(&words, seq);
	add(&words, "event");
	add_bytes(&words, row->job_event.data, row->job_event.bytes);
	if (row->progress.bytes) {
		add(&words, "progress");
		add_bytes(&words, row->progress.data, row->progress.bytes);
	}
	return send_words(connection, &words);
}

static int expire(struct connection *connection, const struct board_row *row)
{
	struct words words = {0};
	char key[KEY_BYTES];

	snprintf(key, sizeof(key), "haul:job:%s", row->job);
	add(&words, "EXPIRE");
	add(&words, key);
	add(&words, row->ended ? EXPIRE_ENDED : EXPIRE_RUNNING);
	return send_words(connection, &words);
}

static int keep_state(struct connection *connection, const struct board_row *row)
{
	int error = row->job_event.bytes ? set_state(connection, row) : 0;

	return error ? error : expire(connection, row);
}

/* The state first: whoever hears the news and then looks finds it. */
static int pass_on(struct connection *connection, const struct relay_message *message)
{
	bool changes_state =
		strcmp(message->name, "job") == 0 || strcmp(message->name, "progress") == 0;
	int error = 0;

	if (changes_state && message->row)
		error = keep_state(connection, message->row);
	if (!error && message->must_arrive)
		error = append(connection, message);
	return error ? error : publish(connection, message);
}

int redis_open(const char *url, struct sink **ret_sink)
{
	static const struct relay_format format = {
		.name = "redis", .message = pass_on, .state = keep_state};

	return relay_open(url, &format, ret_sink);
}

int redis_check(const char *url)
{
	struct address address;

	return address_parse(url, &address);
}

#else

int redis_open(const char *url, struct sink **ret_sink)
{
	(void)url;
	(void)ret_sink;
	return -ENOSYS;
}

int redis_check(const char *url)
{
	(void)url;
	return -ENOSYS;
}

#endif
