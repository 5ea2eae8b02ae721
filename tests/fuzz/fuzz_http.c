/* SPDX-License-Identifier: MIT */
/*
 * Requests to the page's server, over a real connection. Each is answered or hung up on, and the
 * server is still there for the next one.
 */
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "publisher/http.h"
#include "util/clock.h"

#define TURNS_MAX    50
#define TURNS_SILENT 3
#define ANSWER_BYTES 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static struct sink *server;
static struct sockaddr_in address = {.sin_family = AF_INET};

static bool start(void)
{
	char where[HTTP_WHERE_BYTES];
	unsigned port = 0;

	if (server)
		return true;
	if (http_open("127.0.0.1:0", NULL, &server, where))
		return false;
	if (sscanf(where, "http://127.0.0.1:%u", &port) != 1)
		abort();
	address.sin_port = htons((uint16_t)port);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return true;
}

static void serve(void)
{
	if (server->ops->advance(server, clock_monotonic_ns()))
		abort();
}

static void converse(int fd)
{
	static char answer[ANSWER_BYTES];
	unsigned silent = 0;

	for (unsigned turn = 0; turn < TURNS_MAX && silent < TURNS_SILENT; turn++) {
		ssize_t got;

		serve();
		got = recv(fd, answer, sizeof(answer), MSG_DONTWAIT);
		if (!got)
			return;
		silent = got < 0 ? silent + 1 : 0;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	const struct linger at_once = {.l_onoff = 1};
	int fd;

	if (!start())
		return 0;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		abort();
	if (send(fd, data, bytes, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
		converse(fd);
	/* Thousands of connections that wait for their end would use up all ports. */
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(fd);
	serve();
	return 0;
}
