/* SPDX-License-Identifier: MIT */
/*
 * Who may see the page. Without a token, only this machine: the server listens on a loopback
 * address, and a request must name it in Host, or a foreign page could reach it under a name of its
 * own (DNS rebinding). With a token, whoever brings it: as a cookie, which `/?token=` sets, or as
 * `Authorization: Bearer`. A request from a page must come from this server's own.
 */
#ifndef ENGINE_PUBLISHER_GUARD_H
#define ENGINE_PUBLISHER_GUARD_H

#include <stdbool.h>
#include <sys/socket.h>

#define GUARD_TOKEN_MIN   16
#define GUARD_TOKEN_BYTES 256

struct guard {
	char token[GUARD_TOKEN_BYTES]; /* "": none */
	char host[256];                /* as it was asked to listen, without the port */
	unsigned port;
	bool loopback;
};

/* What a request says of itself; NULL for what it doesn't. */
struct guard_request {
	const char *host;
	const char *origin;
	const char *cookie; /* of our name */
	const char *authorization;
	const char *token; /* the query's */
};

/* Each returns 0 or an HTTP status. */
unsigned guard_check_host(const struct guard *guard, const struct guard_request *request);
unsigned guard_check_origin(const struct guard_request *request);
unsigned guard_check_token(const struct guard *guard, const struct guard_request *request);
unsigned guard_check(const struct guard *guard, const struct guard_request *request);

bool guard_is_token(const struct guard *guard, const char *text);

/* Reads a token: one line of at least GUARD_TOKEN_MIN letters, digits or "-._~+/=". -EINVAL when it
 * is none, -EPERM when others may read the file. */
int guard_read_token(const char *path, struct guard *guard);

/* Parses "HOST:PORT", "[HOST]:PORT" or "PORT" (on 127.0.0.1), and looks HOST up. Fills in host,
 * port and loopback. -EINVAL; -EADDRNOTAVAIL: no such host. */
int guard_parse_address(const char *text, struct guard *guard, struct sockaddr_storage *ret_socket,
	socklen_t *ret_socket_bytes);

#endif
