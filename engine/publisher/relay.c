/* SPDX-License-Identifier: MIT */
#ifdef HAVE_HIREDIS

#include "publisher/relay.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAIL_BYTES_MAX (8u * 1024 * 1024)
#define MAIL_BACKLOG   (512u * 1024) /* bytes on their way when no more mails are added */
#define NEWS_BACKLOG   (128u * 1024) /* the same for what may be missed */
#define RETRY_NS       UINT64_C(1000000000)

/* An event that must arrive, until it has. */
struct mail {
	struct mail *next;
	char name[16];
	char job[HAUL_JOB_BYTES + 1];
	uint64_t first; /* the commands that carry it; 0: not sent */
	uint64_t last;
	size_t json_bytes;
	char json[];
};

struct relay {
	struct sink sink;
	const struct relay_format *format;
	struct connection connection;
	struct board board;
	struct mail *mail; /* the oldest first */
	struct mail **mail_end;
	size_t mail_bytes;
	unsigned unsent;     /* mails at the end that have not been sent on this connection */
	uint64_t dropped;    /* mails, for want of room */
	unsigned generation; /* of the connection, as of the last look */
	uint64_t now_ns;
	uint64_t retry_ns;
	char complaint[16]; /* the first word of the error that was said last */
};

/* ---- what people are told ---- */

static void say(void *context, const char *text)
{
	const struct relay *relay = context;

	fprintf(stderr, "haul: publisher: %s: %s\n", relay->format->name, text);
}

static void say_error(struct relay *relay, const char *error)
{
	char word[sizeof(relay->complaint)];

	snprintf(word, sizeof(word), "%.*s", (int)strcspn(error, " "), error);
	if (strcmp(word, relay->complaint) == 0)
		return;
	memcpy(relay->complaint, word, sizeof(word));
	say(relay, error);
}

static void say_dropped(struct relay *relay)
{
	char text[64];

	if (!relay->dropped)
		return;
	snprintf(text, sizeof(text), "%llu events were lost", (unsigned long long)relay->dropped);
	say(relay, text);
	relay->dropped = 0;
}

/* ---- mails ---- */

/* `at` is where the mail hangs. */
static void mail_remove(struct relay *relay, struct mail **at)
{
	struct mail *mail = *at;

	*at = mail->next;
	if (!mail->next)
		relay->mail_end = at;
	relay->unsent -= !mail->first;
	relay->mail_bytes -= sizeof(*mail) + mail->json_bytes;
	free(mail);
}

static void mail_add(
	struct relay *relay, const char *name, const char *job, const char *json, size_t json_bytes)
{
	size_t bytes = sizeof(struct mail) + json_bytes;
	struct mail *mail = malloc(bytes);

	if (!mail) {
		relay->dropped++;
		return;
	}
	*mail = (struct mail){.json_bytes = json_bytes};
	snprintf(mail->name, sizeof(mail->name), "%s", name);
	snprintf(mail->job, sizeof(mail->job), "%s", job);
	memcpy(mail->json, json, json_bytes);
	while (relay->mail && relay->mail_bytes + bytes > MAIL_BYTES_MAX) {
		mail_remove(relay, &relay->mail);
		relay->dropped++;
	}
	*relay->mail_end = mail;
	relay->mail_end = &mail->next;
	relay->mail_bytes += bytes;
	relay->unsent++;
}

static void mails_unsend(struct relay *relay)
{
	relay->unsent = 0;
	for (struct mail *mail = relay->mail; mail; mail = mail->next) {
		mail->first = 0;
		relay->unsent++;
	}
}

/* Errors that pass: the server is full, starting, or can't write at the moment. */
static bool is_passing(const char *error)
{
	static const char *const word[] = {
		"OOM", "LOADING", "READONLY", "MISCONF", "BUSY", "MASTERDOWN", "NOREPLICAS"};

	for (size_t at = 0; at < sizeof(word) / sizeof(word[0]); at++)
		if (strncmp(error, word[at], strlen(word[at])) == 0)
			return true;
	return false;
}

/* Answers come in the order of the commands, and so of the mails. */
static void answered(void *context, uint64_t number, const char *error)
{
	struct relay *relay = context;
	struct mail *mail = relay->mail;
	bool is_mail = mail && mail->first && number >= mail->first && number <= mail->last;

	if (error)
		say_error(relay, error);
	if (error && is_mail && is_passing(error)) {
		/* Again, and all behind it; what was sent before carries older numbers. */
		mails_unsend(relay);
		relay->retry_ns = relay->now_ns + RETRY_NS;
	} else if (is_mail && number == mail->last) {
		if (!error)
			relay->complaint[0] = '\0';
		mail_remove(relay, &relay->mail);
	}
}

/* ---- sending ---- */

static const struct board_row *find_row(const struct relay *relay, const char *job)
{
	for (unsigned at = 0; at < relay->board.count; at++)
		if (strcmp(relay->board.row[at]->job, job) == 0)
			return relay->board.row[at];
	return NULL;
}

static int send_mail(struct relay *relay, struct mail *mail)
{
	const struct relay_message message = {
		.name = mail->name,
		.job = mail->job,
		.json = mail->json,
		.json_bytes = mail->json_bytes,
		.must_arrive = true,
		.row = find_row(relay, mail->job),
		.board = &relay->board,
	};
	uint64_t before = relay->connection.sent;
	int error = relay->format->message(&relay->connection, &message);

	if (error)
		return error;
	mail->first = before + 1;
	mail->last = relay->connection.sent;
	relay->unsent--;
	return 0;
}

static void send_mails(struct relay *relay)
{
	struct mail **at = &relay->mail;

	while (*at && connection_backlog_bytes(&relay->connection) <= MAIL_BACKLOG) {
		int error = (*at)->first ? 0 : send_mail(relay, *at);

		if (error == -EMSGSIZE) {
			mail_remove(relay, at);
			relay->dropped++;
			continue;
		}
		if (error)
			return;
		at = &(*at)->next;
	}
}

static int send_progress(struct relay *relay, struct board_row *row)
{
	const struct relay_message message = {
		.name = "progress",
		.job = row->job,
		.json = row->progress.data,
		.json_bytes = row->progress.bytes,
		.row = row,
		.board = &relay->board,
	};

	return relay->format->message(&relay->connection, &message);
}

/* For what may be missed. It does not overtake mails: events go out in the order of their `seq`. */
static bool has_room(const struct relay *relay)
{
	return connection_ready(&relay->connection) && !relay->unsent &&
	       connection_backlog_bytes(&relay->connection) < NEWS_BACKLOG;
}

static void send_news(struct relay *relay)
{
	for (unsigned at = 0; at < relay->board.count && has_room(relay); at++) {
		struct board_row *row = relay->board.row[at];

		if (row->progress_due)
			row->progress_due = send_progress(relay, row) != 0;
	}
}

/* The server may have lost everything, and its clients have missed what happened meanwhile. */
static void replay(struct relay *relay)
{
	mails_unsend(relay);
	relay->retry_ns = 0;
	for (unsigned at = 0; at < relay->board.count; at++) {
		struct board_row *row = relay->board.row[at];

		row->progress_due = row->progress.bytes > 0 && !row->ended;
		if (relay->format->state)
			relay->format->state(&relay->connection, row);
	}
	say_dropped(relay);
}

/* ---- the sink ---- */

static const char *event_name(enum event_type type)
{
	static const char *const name[] = {
		[EVENT_JOB] = "job",
		[EVENT_PROGRESS] = "progress",
		[EVENT_FILE] = "file",
		[EVENT_DEVICE] = "device",
		[EVENT_SERIAL] = "serial",
	};

	return name[type];
}

/* What came before it goes out before it, or never. The last totals of a job must arrive. */
static void settle_progress(struct relay *relay, struct board_row *row)
{
	if (!row || !row->progress_due)
		return;
	row->progress_due = false;
	if (row->ended)
		mail_add(relay, event_name(EVENT_PROGRESS), row->job, row->progress.data,
			row->progress.bytes);
	else if (has_room(relay))
		send_progress(relay, row);
}

static void post(struct relay *relay, struct board_row *row, const struct sink_event *event)
{
	settle_progress(relay, row);
	mail_add(relay, event_name(event->event->type), event->event->job, event->json,
		event->json_bytes);
	if (connection_ready(&relay->connection) && relay->now_ns >= relay->retry_ns)
		send_mails(relay);
}

static void relay_take(struct sink *sink, const struct sink_event *event)
{
	struct relay *relay = (struct relay *)sink;
	struct board_row *row = board_take(&relay->board, event);
	struct relay_message message = {
		.name = event_name(event->event->type),
		.job = event->event->job,
		.json = event->json,
		.json_bytes = event->json_bytes,
		.row = row,
		.board = &relay->board,
	};

	if (event_must_arrive(event->event))
		post(relay, row, event);
	else if (event->event->type != EVENT_PROGRESS && row && has_room(relay) &&
		 board_admits(row, event->event))
		relay->format->message(&relay->connection, &message);
}

static int relay_advance(struct sink *sink, uint64_t now_ns)
{
	struct relay *relay = (struct relay *)sink;

	relay->now_ns = now_ns;
	connection_advance(&relay->connection, now_ns);
	if (!connection_ready(&relay->connection))
		return 0;
	if (relay->generation != relay->connection.generation) {
		relay->generation = relay->connection.generation;
		replay(relay);
	}
	if (now_ns >= relay->retry_ns) {
		send_mails(relay);
		send_news(relay);
	}
	connection_advance(&relay->connection, now_ns);
	return 0;
}

static int relay_fd(struct sink *sink, short *ret_events)
{
	return connection_fd(&((struct relay *)sink)->connection, ret_events);
}

/* A server that can't be reached is not waited for. */
static bool relay_busy(struct sink *sink)
{
	const struct relay *relay = (struct relay *)sink;

	return relay->connection.failures == 0 &&
	       (relay->mail || connection_backlog_bytes(&relay->connection));
}

static void relay_close(struct sink *sink)
{
	struct relay *relay = (struct relay *)sink;

	while (relay->mail) {
		mail_remove(relay, &relay->mail);
		relay->dropped++;
	}
	say_dropped(relay);
	connection_close(&relay->connection);
	board_close(&relay->board);
	free(relay);
}

static const struct sink_ops relay_ops = {
	.name = "redis",
	.wants_json = true,
	.take = relay_take,
	.advance = relay_advance,
	.fd = relay_fd,
	.busy = relay_busy,
	.close = relay_close,
};

int relay_open(const char *url, const struct relay_format *format, struct sink **ret_sink)
{
	struct connection_events events = {answered, say, NULL};
	struct relay *relay = calloc(1, sizeof(*relay));
	struct address address;
	int error;

	if (!relay)
		return -ENOMEM;
	error = address_parse(url, &address);
	if (error) {
		free(relay);
		return error;
	}
	events.context = relay;
	relay->sink.ops = &relay_ops;
	relay->format = format;
	relay->mail_end = &relay->mail;
	connection_open(&address, &events, &relay->connection);
	*ret_sink = &relay->sink;
	return 0;
}

#endif
