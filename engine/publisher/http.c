/* SPDX-License-Identifier: MIT */
#include "publisher/http.h"

#include <errno.h>

#ifdef HAVE_LIBMICROHTTPD

#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "progress/control.h"
#include "publisher/board.h"
#include "publisher/client.h"
#include "publisher/guard.h"
#include "publisher/mhd.h"
#include "publisher/page.h"

#define BACKLOG         16
#define CONNECTIONS_MAX (CLIENTS_MAX + 16)
#define IDLE_TIMEOUT_S  30
#define MEMORY_BYTES    (16u * 1024)
#define RUNS_MAX        256 /* then others have their turn */
#define RECENT_MAX      100 /* events that a late client is told besides the jobs' state */
#define CONTROL_WAIT_MS 100 /* a coordinator answers in less than one; others wait meanwhile */
#define DRAIN_NS        UINT64_C(1000000000)
#define PATH_BYTES      128
#define COOKIE          "haul-token"
#define POLICY                                                                                     \
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "                \
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

struct http {
	struct sink sink;
	struct MHD_Daemon *daemon;
	int epoll_fd;
	struct guard guard;
	struct board board;
	struct clients clients;
	struct board_text recent[RECENT_MAX]; /* a ring */
	unsigned recent_next;
	uint64_t now_ns;
	uint64_t event_ns; /* when the last event came */
};

/* ---- answers ---- */

static void add_headers(struct MHD_Response *response, const char *type)
{
	static const char *const headers[][2] = {
		{"Content-Security-Policy", POLICY},
		{"X-Content-Type-Options", "nosniff"},
		{"Referrer-Policy", "no-referrer"},
		{"Cross-Origin-Resource-Policy", "same-origin"},
		{"Cross-Origin-Opener-Policy", "same-origin"},
		{"Cache-Control", "no-store"},
	};

	mhd.add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	for (size_t at = 0; at < sizeof(headers) / sizeof(headers[0]); at++)
		mhd.add_response_header(response, headers[at][0], headers[at][1]);
}

static enum MHD_Result send_response(
	struct MHD_Connection *connection, unsigned status, struct MHD_Response *response)
{
	enum MHD_Result sent;

	if (!response)
		return MHD_NO;
	sent = mhd.queue_response(connection, status, response);
	mhd.destroy_response(response);
	return sent;
}

/* A line for people. The text is not copied. */
static enum MHD_Result send_text(
	struct MHD_Connection *connection, unsigned status, const char *text)
{
	struct MHD_Response *response =
		mhd.create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_PERSISTENT);

	if (response)
		add_headers(response, "text/plain; charset=utf-8");
	if (response && status == MHD_HTTP_UNAUTHORIZED)
		mhd.add_response_header(
			response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer realm=\"haul\"");
	return send_response(connection, status, response);
}

static enum MHD_Result send_file(struct MHD_Connection *connection, const struct page_file *file)
{
	struct MHD_Response *response = mhd.create_response_from_buffer(
		file->bytes, (void *)file->data, MHD_RESPMEM_PERSISTENT);

	if (response)
		add_headers(response, file->type);
	return send_response(connection, MHD_HTTP_OK, response);
}

/* From a link with the token to the page without it, so that it stays out of sight. */
static enum MHD_Result send_cookie(struct http *http, struct MHD_Connection *connection)
{
	struct MHD_Response *response =
		mhd.create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	char cookie[GUARD_TOKEN_BYTES + 64];

	if (!response)
		return MHD_NO;
	snprintf(cookie, sizeof(cookie), COOKIE "=%s; Path=/; HttpOnly; SameSite=Strict",
		http->guard.token);
	add_headers(response, "text/plain; charset=utf-8");
	mhd.add_response_header(response, MHD_HTTP_HEADER_SET_COOKIE, cookie);
	mhd.add_response_header(response, MHD_HTTP_HEADER_LOCATION, "/");
	return send_response(connection, MHD_HTTP_SEE_OTHER, response);
}

/* ---- events ---- */

static void tell_text(struct client *client, const struct board_text *text)
{
	if (text->bytes)
		client_tell(client, NULL, text->data, text->bytes, true);
}

/* In the order of `seq`. */
static void tell_row(struct client *client, const struct board_row *row)
{
	tell_text(client, &row->start);
	if (row->progress_seq < row->job_seq)
		tell_text(client, &row->progress);
	if (row->job_event.bytes != row->start.bytes ||
		memcmp(row->job_event.data, row->start.data, row->start.bytes) != 0)
		tell_text(client, &row->job_event);
	if (row->progress_seq > row->job_seq)
		tell_text(client, &row->progress);
}

static void tell_all(const struct http *http, struct client *client)
{
	char hello[128];

	snprintf(hello, sizeof(hello), "{\"version\":\"%s\",\"control\":true}", haul_version());
	client_tell(client, "hello", hello, strlen(hello), true);
	for (unsigned at = 0; at < http->board.count; at++)
		tell_row(client, http->board.row[at]);
	for (unsigned at = 0; at < RECENT_MAX; at++)
		tell_text(client, &http->recent[(http->recent_next + at) % RECENT_MAX]);
}

static enum MHD_Result send_events(struct http *http, struct MHD_Connection *connection)
{
	struct client *client = NULL;
	struct MHD_Response *response = client_open(&http->clients, connection, &client);

	if (!response)
		return send_text(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "too many watchers\n");
	add_headers(response, "text/event-stream");
	tell_all(http, client);
	return send_response(connection, MHD_HTTP_OK, response);
}

static void remember(struct http *http, const struct sink_event *event)
{
	struct board_text *recent = &http->recent[http->recent_next];

	if (board_text_set(recent, event->json, event->json_bytes))
		http->recent_next = (http->recent_next + 1) % RECENT_MAX;
}

/* Those that missed progress get the newest when they have caught up. */
static void catch_up(struct http *http)
{
	for (struct client *client = http->clients.first; client; client = client->next) {
		if (!client->behind || client_busy(client) || client->leaving)
			continue;
		client->behind = false;
		for (unsigned at = 0; at < http->board.count; at++)
			if (!http->board.row[at]->ended)
				tell_text(client, &http->board.row[at]->progress);
	}
}

/* ---- control ---- */

static enum MHD_Result send_control(struct MHD_Connection *connection, int error)
{
	switch (error) {
	case 0:
		return send_text(connection, MHD_HTTP_OK, "done\n");
	case -ENOENT:
	case -ECONNREFUSED:
		return send_text(connection, MHD_HTTP_NOT_FOUND, "no such job is running\n");
	case -EALREADY:
		return send_text(connection, MHD_HTTP_CONFLICT, "it is so already\n");
	case -EPERM:
		return send_text(connection, MHD_HTTP_FORBIDDEN, "the job is not yours\n");
	case -ETIMEDOUT:
		return send_text(
			connection, MHD_HTTP_GATEWAY_TIMEOUT, "the job has not answered yet\n");
	default:
		return send_text(connection, MHD_HTTP_BAD_REQUEST, "that can't be done\n");
	}
}

/* "/jobs/<job>/<verb>"; the job's name is checked by who is asked. */
static enum MHD_Result control(struct MHD_Connection *connection, const char *path)
{
	static const struct {
		const char *verb;
		enum control_command command;
	} verbs[] = {{"/pause", CONTROL_PAUSE}, {"/resume", CONTROL_RESUME},
		{"/cancel", CONTROL_CANCEL}};
	static const char prefix[] = "/jobs/";
	const char *verb = strrchr(path, '/');
	char job[PATH_BYTES];

	if (strncmp(path, prefix, strlen(prefix)) != 0 || verb < path + strlen(prefix) ||
		(size_t)(verb - path) >= sizeof(job))
		return send_text(connection, MHD_HTTP_NOT_FOUND, "nothing is here\n");
	snprintf(job, sizeof(job), "%.*s", (int)(verb - path - (int)strlen(prefix)),
		path + strlen(prefix));
	for (size_t at = 0; at < sizeof(verbs) / sizeof(verbs[0]); at++)
		if (strcmp(verb, verbs[at].verb) == 0)
			return send_control(
				connection, control_ask(job, verbs[at].command, CONTROL_WAIT_MS));
	return send_text(connection, MHD_HTTP_NOT_FOUND, "nothing is here\n");
}

/* ---- requests ---- */

static const char *header(struct MHD_Connection *connection, const char *name)
{
	return mhd.lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static struct guard_request describe(struct MHD_Connection *connection)
{
	return (struct guard_request){
		.host = header(connection, MHD_HTTP_HEADER_HOST),
		.origin = header(connection, MHD_HTTP_HEADER_ORIGIN),
		.cookie = mhd.lookup_connection_value(connection, MHD_COOKIE_KIND, COOKIE),
		.authorization = header(connection, MHD_HTTP_HEADER_AUTHORIZATION),
		.token = mhd.lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "token"),
	};
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status)
{
	if (status == MHD_HTTP_UNAUTHORIZED)
		return send_text(connection, status,
			"This page needs its token: open /?token=... once, or send it as "
			"\"Authorization: Bearer ...\".\n");
	return send_text(connection, status, "This server does not answer such requests.\n");
}

static enum MHD_Result get(
	struct http *http, struct MHD_Connection *connection, const char *path, const char *token)
{
	struct page_file file;

	if (strcmp(path, "/events") == 0)
		return send_events(http, connection);
	if (strcmp(path, "/") == 0 && token && guard_is_token(&http->guard, token))
		return send_cookie(http, connection);
	if (page_find(path, &file))
		return send_file(connection, &file);
	return send_text(connection, MHD_HTTP_NOT_FOUND, "nothing is here\n");
}

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *path,
	const char *method, const char *version, const char *upload, size_t *upload_bytes,
	void **request_context)
{
	static const char begun;
	struct http *http = context;
	struct guard_request request = describe(connection);
	bool is_post = strcmp(method, MHD_HTTP_METHOD_POST) == 0;
	unsigned status;

	(void)version;
	(void)upload;
	/* The first call comes before the body, which is thrown away. */
	if (!*request_context) {
		*request_context = (void *)&begun;
		return MHD_YES;
	}
	if (*upload_bytes) {
		*upload_bytes = 0;
		return MHD_YES;
	}
	status = guard_check(&http->guard, &request);
	if (status)
		return refuse(connection, status);
	if (is_post)
		return control(connection, path);
	if (strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0)
		return get(http, connection, path, request.token);
	return send_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET or POST\n");
}

/* ---- the sink ---- */

static void http_take(struct sink *sink, const struct sink_event *event)
{
	struct http *http = (struct http *)sink;
	struct board_row *row = board_take(&http->board, event);
	bool must = event_must_arrive(event->event);

	http->event_ns = http->now_ns;
	if (event->event->type != EVENT_JOB && must)
		remember(http, event);
	if (event->event->type != EVENT_PROGRESS && !must &&
		(!row || !board_admits(row, event->event)))
		return;
	for (struct client *client = http->clients.first; client; client = client->next)
		client_tell(client, NULL, event->json, event->json_bytes, must);
}

/* Each run sends no more than a block to each client; those that take more are ready at once. */
static int run(struct MHD_Daemon *daemon)
{
	MHD_UNSIGNED_LONG_LONG timeout_ms;

	for (unsigned runs = 0; runs < RUNS_MAX; runs++) {
		if (mhd.run(daemon) != MHD_YES)
			return -EIO;
		if (mhd.get_timeout(daemon, &timeout_ms) != MHD_YES || timeout_ms)
			break;
	}
	return 0;
}

static int http_advance(struct sink *sink, uint64_t now_ns)
{
	struct http *http = (struct http *)sink;

	http->now_ns = now_ns;
	clients_keep_alive(&http->clients, now_ns);
	catch_up(http);
	return run(http->daemon);
}

static int http_fd(struct sink *sink, short *ret_events)
{
	*ret_events = POLLIN;
	return ((struct http *)sink)->epoll_fd;
}

/* Browsers get a moment for the last events, and no longer. */
static bool http_busy(struct sink *sink)
{
	const struct http *http = (struct http *)sink;

	if (http->now_ns - http->event_ns > DRAIN_NS)
		return false;
	for (const struct client *client = http->clients.first; client; client = client->next)
		if (client_busy(client))
			return true;
	return false;
}

static void http_close(struct sink *sink)
{
	struct http *http = (struct http *)sink;

	if (http->daemon) {
		clients_dismiss(&http->clients);
		run(http->daemon);
		mhd.stop_daemon(http->daemon);
	}
	board_close(&http->board);
	for (unsigned at = 0; at < RECENT_MAX; at++)
		free(http->recent[at].data);
	free(http);
}

static const struct sink_ops http_ops = {
	.name = "http",
	.wants_json = true,
	.take = http_take,
	.advance = http_advance,
	.fd = http_fd,
	.busy = http_busy,
	.close = http_close,
};

/* ---- set-up ---- */

static int listen_on(const struct sockaddr_storage *address, socklen_t bytes, int *ret_fd)
{
	int fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1, error = 0;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
		bind(fd, (const struct sockaddr *)address, bytes) < 0 || listen(fd, BACKLOG) < 0)
		error = -errno;
	if (error)
		close(fd);
	else
		*ret_fd = fd;
	return error;
}

/* Port 0 lets the kernel choose one. */
static int learn_port(int fd, struct guard *guard)
{
	union {
		struct sockaddr any;
		struct sockaddr_in four;
		struct sockaddr_in6 six;
	} address = {0};
	socklen_t bytes = sizeof(address);
	bool is_six;

	if (getsockname(fd, &address.any, &bytes) < 0)
		return -errno;
	is_six = address.any.sa_family == AF_INET6;
	guard->port = ntohs(is_six ? address.six.sin6_port : address.four.sin_port);
	return 0;
}

static int start(struct http *http, int listen_fd)
{
	const union MHD_DaemonInfo *info;
	int error = learn_port(listen_fd, &http->guard);

	if (!error)
		http->daemon = mhd.start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL,
			NULL, answer, http, MHD_OPTION_LISTEN_SOCKET, listen_fd,
			MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
			MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_TIMEOUT_S,
			MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_BYTES, MHD_OPTION_END);
	if (!http->daemon) {
		close(listen_fd);
		return error ? error : -EIO;
	}
	info = mhd.get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (!info)
		return -EIO;
	http->epoll_fd = info->epoll_fd;
	return 0;
}

static int set_guard(const char *address, const char *token_file, struct guard *guard,
	struct sockaddr_storage *ret_socket, socklen_t *ret_bytes)
{
	int error = guard_parse_address(address, guard, ret_socket, ret_bytes);

	if (!error && token_file)
		error = guard_read_token(token_file, guard);
	return !error && !guard->loopback && !token_file ? -EACCES : error;
}

int http_check(const char *address, const char *token_file)
{
	struct guard guard = {0};
	struct sockaddr_storage socket_address;
	socklen_t bytes;

	return set_guard(address, token_file, &guard, &socket_address, &bytes);
}

static int configure(struct http *http, const char *address, const char *token_file)
{
	struct sockaddr_storage socket_address;
	socklen_t bytes;
	int fd = -1;
	int error = set_guard(address, token_file, &http->guard, &socket_address, &bytes);

	if (!error)
		error = listen_on(&socket_address, bytes, &fd);
	return error ? error : start(http, fd);
}

int http_open(const char *address, const char *token_file, struct sink **ret_sink,
	char ret_where[HTTP_WHERE_BYTES])
{
	struct http *http = calloc(1, sizeof(*http));
	int error;

	if (!http)
		return -ENOMEM;
	http->sink.ops = &http_ops;
	error = mhd_load();
	if (!error)
		error = configure(http, address, token_file);
	if (error) {
		http_close(&http->sink);
		return error;
	}
	snprintf(ret_where, HTTP_WHERE_BYTES, "http://%s:%u/", http->guard.host, http->guard.port);
	*ret_sink = &http->sink;
	return 0;
}

#else

int http_check(const char *address, const char *token_file)
{
	(void)address;
	(void)token_file;
	return -ENOSYS;
}

int http_open(const char *address, const char *token_file, struct sink **ret_sink,
	char ret_where[HTTP_WHERE_BYTES])
{
	(void)address;
	(void)token_file;
	(void)ret_sink;
	(void)ret_where;
	return -ENOSYS;
}

#endif
