/* SPDX-License-Identifier: MIT */
/*
 * Where a Redis server is, from a URL:
 *
 *     redis://[[USER][:PASSWORD]@]HOST[:PORT][/DATABASE]
 *     unix://[[USER][:PASSWORD]@]/PATH[?db=DATABASE]
 *
 * What would have a meaning in a URL is written %XX in user and password. rediss:// (TLS) is
 * refused.
 */
#ifndef ENGINE_PUBLISHER_ADDRESS_H
#define ENGINE_PUBLISHER_ADDRESS_H

#include <sys/socket.h>

#define ADDRESS_TEXT_BYTES 256

struct address {
	struct sockaddr_storage socket;
	socklen_t socket_bytes;
	char user[ADDRESS_TEXT_BYTES];     /* "": none */
	char password[ADDRESS_TEXT_BYTES]; /* "": none */
	unsigned database;
};

/* Looks the host up, which may take a while: only now, so that later connecting doesn't wait for
 * it. -EINVAL: no such URL; -EPROTONOSUPPORT: it wants TLS; -EADDRNOTAVAIL: no such host. */
int address_parse(const char *url, struct address *ret_address);

#endif
