/* SPDX-License-Identifier: MIT */
#include "publisher/address.h"

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#define DEFAULT_PORT "6379"

static int hex_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

/* Decodes %XX in [text, end). */
static int decode(const char *text, const char *end, char ret_text[ADDRESS_TEXT_BYTES])
{
	size_t used = 0;

	for (; text < end; text++) {
		char byte = *text;

		if (byte == '%') {
			int high = end - text > 2 ? hex_digit(text[1]) : -1;
			int low = end - text > 2 ? hex_digit(text[2]) : -1;

			if (high < 0 || low < 0)
				return -EINVAL;
			byte = (char)(high << 4 | low);
			text += 2;
		}
		if (!byte || used == ADDRESS_TEXT_BYTES - 1)
			return -EINVAL;
		ret_text[used++] = byte;
	}
	ret_text[used] = '\0';
	return 0;
}

/* Takes "user:password@" from the front, up to the last @ before the path. Moves *text behind it.
 */
static int parse_user(const char **text, struct address *address)
{
	const char *end = strchrnul(*text, '/');
	const char *at = memrchr(*text, '@', (size_t)(end - *text));
	const char *colon;
	int error;

	if (!at)
		return 0;
	colon = memchr(*text, ':', (size_t)(at - *text));
	error = decode(*text, colon ? colon : at, address->user);
	if (!error && colon)
		error = decode(colon + 1, at, address->password);
	*text = at + 1;
	return error;
}

static int parse_database(const char *text, struct address *address)
{
	char *end;
	unsigned long value;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || value > 65535)
		return -EINVAL;
	address->database = (unsigned)value;
	return 0;
}

static int parse_path(const char *text, struct address *address)
{
	struct sockaddr_un *socket = (struct sockaddr_un *)&address->socket;
	const char *query = strchrnul(text, '?');
	size_t bytes = (size_t)(query - text);

	if (*text != '/' || bytes >= sizeof(socket->sun_path))
		return -EINVAL;
	socket->sun_family = AF_UNIX;
	memcpy(socket->sun_path, text, bytes);
	address->socket_bytes = sizeof(*socket);
	if (!*query)
		return 0;
	return strncmp(query, "?db=", 4) == 0 ? parse_database(query + 4, address) : -EINVAL;
}

static int look_up(const char *host, const char *port, struct address *address)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found;

	if (getaddrinfo(host, port, &hints, &found) != 0)
		return -EADDRNOTAVAIL;
	memcpy(&address->socket, found->ai_addr, found->ai_addrlen);
	address->socket_bytes = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

/* "host", "host:port" or "[::1]:port" in `text`, which is cut up. */
static int parse_host(char *text, struct address *address)
{
	char *host = text, *port = NULL;

	if (*text == '[') {
		char *close = strchr(++host, ']');

		if (!close)
			return -EINVAL;
		*close = '\0';
		if (close[1] && close[1] != ':')
			return -EINVAL;
		port = close[1] ? close + 2 : NULL;
	} else if ((port = strrchr(text, ':'))) {
		*port++ = '\0';
	}
	if (!*host || (port && !*port))
		return -EINVAL;
	return look_up(host, port ? port : DEFAULT_PORT, address);
}

static int parse_network(const char *text, struct address *address)
{
	const char *slash = strchrnul(text, '/');
	char host[ADDRESS_TEXT_BYTES];
	int error = 0;

	if (slash - text >= ADDRESS_TEXT_BYTES)
		return -EINVAL;
	memcpy(host, text, (size_t)(slash - text));
	host[slash - text] = '\0';
	if (*slash && slash[1])
		error = parse_database(slash + 1, address);
	return error ? error : parse_host(host, address);
}

int address_parse(const char *url, struct address *ret_address)
{
	struct address address = {0};
	const char *scheme_end = strstr(url, "://");
	const char *rest = scheme_end ? scheme_end + 3 : NULL;
	int error;

	if (!rest)
		return -EINVAL;
	if (strncmp(url, "rediss:", 7) == 0)
		return -EPROTONOSUPPORT;
	error = parse_user(&rest, &address);
	if (error)
		return error;
	if (strncmp(url, "redis:", 6) == 0)
		error = parse_network(rest, &address);
	else if (strncmp(url, "unix:", 5) == 0)
		error = parse_path(rest, &address);
	else
		error = -EINVAL;
	if (!error)
		*ret_address = address;
	return error;
}
