/* SPDX-License-Identifier: MIT */
#include "publisher/guard.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATUS_UNAUTHORIZED 401
#define STATUS_FORBIDDEN    403
#define STATUS_MISDIRECTED  421
#define PORT_DEFAULT        80 /* browsers leave it out */

/* Compares without telling by its time how much was right. */
bool guard_is_token(const struct guard *guard, const char *text)
{
	size_t bytes = strlen(guard->token);
	unsigned char different = 0;

	if (!bytes || !text || strlen(text) != bytes)
		return false;
	for (size_t at = 0; at < bytes; at++)
		different |= (unsigned char)(text[at] ^ guard->token[at]);
	return !different;
}

unsigned guard_check_token(const struct guard *guard, const struct guard_request *request)
{
	static const char scheme[] = "Bearer ";
	const char *bearer = request->authorization;

	if (!guard->token[0])
		return 0;
	if (bearer && strncasecmp(bearer, scheme, strlen(scheme)) == 0 &&
		guard_is_token(guard, bearer + strlen(scheme)))
		return 0;
	if (guard_is_token(guard, request->cookie) || guard_is_token(guard, request->token))
		return 0;
	return STATUS_UNAUTHORIZED;
}

static bool names(const char *host, const char *name, unsigned port)
{
	size_t bytes = strlen(name);
	char digits[16];

	if (strncasecmp(host, name, bytes) != 0)
		return false;
	if (!host[bytes])
		return port == PORT_DEFAULT;
	snprintf(digits, sizeof(digits), ":%u", port);
	return strcmp(host + bytes, digits) == 0;
}

unsigned guard_check_host(const struct guard *guard, const struct guard_request *request)
{
	static const char *const own[] = {"localhost", "127.0.0.1", "[::1]"};
	const char *host = request->host;

	if (!host)
		return STATUS_MISDIRECTED;
	if (!guard->loopback)
		return 0;
	for (size_t at = 0; at < sizeof(own) / sizeof(own[0]); at++)
		if (names(host, own[at], guard->port))
			return 0;
	return names(host, guard->host, guard->port) ? 0 : STATUS_MISDIRECTED;
}

unsigned guard_check_origin(const struct guard_request *request)
{
	static const char scheme[] = "http://";
	static const char tunnelled[] = "https://"; /* behind a proxy that speaks TLS */
	const char *origin = request->origin;

	/* Browsers send it with all that isn't a plain look; others have none. */
	if (!origin)
		return 0;
	if (strncmp(origin, scheme, strlen(scheme)) == 0)
		origin += strlen(scheme);
	else if (strncmp(origin, tunnelled, strlen(tunnelled)) == 0)
		origin += strlen(tunnelled);
	else
		return STATUS_FORBIDDEN;
	return request->host && strcasecmp(origin, request->host) == 0 ? 0 : STATUS_FORBIDDEN;
}

unsigned guard_check(const struct guard *guard, const struct guard_request *request)
{
	unsigned status = guard_check_host(guard, request);

	if (!status)
		status = guard_check_origin(request);
	if (!status)
		status = guard_check_token(guard, request);
	return status;
}

/* ---- set-up ---- */

static bool is_token_text(const char *text)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789-._~+/=";
	size_t bytes = strlen(text);

	return bytes >= GUARD_TOKEN_MIN && strspn(text, allowed) == bytes;
}

static int read_private(int fd, char *ret_text, size_t capacity)
{
	struct stat status;
	ssize_t got;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (S_ISREG(status.st_mode) && (status.st_mode & 077))
		return -EPERM;
	got = read(fd, ret_text, capacity - 1);
	if (got < 0)
		return -errno;
	ret_text[got] = '\0';
	return 0;
}

int guard_read_token(const char *path, struct guard *guard)
{
	char text[GUARD_TOKEN_BYTES];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int error;

	if (fd < 0)
		return -errno;
	error = read_private(fd, text, sizeof(text));
	close(fd);
	if (error)
		return error;
	text[strcspn(text, "\r\n")] = '\0';
	if (!is_token_text(text))
		return -EINVAL;
	memcpy(guard->token, text, sizeof(text));
	return 0;
}

static bool is_loopback(const struct sockaddr_storage *address)
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
	const struct sockaddr_in *four = (const struct sockaddr_in *)address;

	if (address->ss_family == AF_INET)
		return ntohl(four->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return address->ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
}

static int parse_port(const char *text, unsigned *ret_port)
{
	char *end;
	unsigned long value;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	value = strtoul(text, &end, 10);
	if (*end || value > 65535)
		return -EINVAL;
	*ret_port = (unsigned)value;
	return 0;
}

/* Cuts `text` into host and port. Without a colon it is a port. */
static int split(char *text, const char **ret_host, const char **ret_port)
{
	char *colon = strrchr(text, ':');

	*ret_host = "127.0.0.1";
	*ret_port = text;
	if (!colon)
		return 0;
	*colon = '\0';
	*ret_port = colon + 1;
	*ret_host = text;
	if (*text != '[')
		return *text && !strchr(text, ':') ? 0 : -EINVAL;
	if (colon == text || colon[-1] != ']')
		return -EINVAL;
	colon[-1] = '\0';
	*ret_host = text + 1;
	return 0;
}

int guard_parse_address(const char *text, struct guard *guard, struct sockaddr_storage *ret_socket,
	socklen_t *ret_socket_bytes)
{
	const struct addrinfo hints = {
		.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	struct addrinfo *found;
	const char *host, *port;
	char copy[sizeof(guard->host)];
	unsigned number;

	if (strlen(text) >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, text, strlen(text) + 1);
	if (split(copy, &host, &port) || parse_port(port, &number))
		return -EINVAL;
	if (getaddrinfo(host, port, &hints, &found) != 0)
		return -EADDRNOTAVAIL;
	memset(ret_socket, 0, sizeof(*ret_socket));
	memcpy(ret_socket, found->ai_addr, found->ai_addrlen);
	*ret_socket_bytes = found->ai_addrlen;
	freeaddrinfo(found);
	snprintf(guard->host, sizeof(guard->host), strchr(host, ':') ? "[%s]" : "%s", host);
	guard->port = number;
	guard->loopback = is_loopback(ret_socket);
	return 0;
}
