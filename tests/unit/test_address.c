/* SPDX-License-Identifier: MIT */
/* Redis URLs. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

#include <cmocka.h>

#include "publisher/address.h"

static void assert_network(const char *url, const char *host, unsigned port)
{
	struct address address;
	const struct sockaddr_in *socket = (const struct sockaddr_in *)&address.socket;
	char text[INET_ADDRSTRLEN];

	assert_int_equal(address_parse(url, &address), 0);
	assert_int_equal(socket->sin_family, AF_INET);
	assert_string_equal(inet_ntop(AF_INET, &socket->sin_addr, text, sizeof(text)), host);
	assert_int_equal(ntohs(socket->sin_port), port);
}

static void hosts_and_ports(void **state)
{
	struct address address;
	const struct sockaddr_in6 *socket = (const struct sockaddr_in6 *)&address.socket;

	(void)state;
	assert_network("redis://127.0.0.1", "127.0.0.1", 6379);
	assert_network("redis://127.0.0.2:7000/", "127.0.0.2", 7000);
	assert_int_equal(address_parse("redis://[::1]:7001/2", &address), 0);
	assert_int_equal(socket->sin6_family, AF_INET6);
	assert_int_equal(ntohs(socket->sin6_port), 7001);
	assert_int_equal(address.database, 2);
}

static void users_and_passwords(void **state)
{
	struct address address;

	(void)state;
	assert_int_equal(address_parse("redis://me:p%40s%2Fs@127.0.0.1", &address), 0);
	assert_string_equal(address.user, "me");
	assert_string_equal(address.password, "p@s/s");
	assert_int_equal(address_parse("redis://:only@127.0.0.1", &address), 0);
	assert_string_equal(address.user, "");
	assert_string_equal(address.password, "only");
	assert_int_equal(address_parse("redis://me:a@b@127.0.0.1", &address), 0);
	assert_string_equal(address.password, "a@b");
}

static void paths(void **state)
{
	struct address address;
	const struct sockaddr_un *socket = (const struct sockaddr_un *)&address.socket;

	(void)state;
	assert_int_equal(address_parse("unix:///run/redis.sock", &address), 0);
	assert_int_equal(socket->sun_family, AF_UNIX);
	assert_string_equal(socket->sun_path, "/run/redis.sock");
	assert_int_equal(address.database, 0);
	assert_int_equal(address_parse("unix://me:pw@/run/r@dis?db=5", &address), 0);
	assert_string_equal(socket->sun_path, "/run/r@dis");
	assert_string_equal(address.user, "me");
	assert_int_equal(address.database, 5);
}

static void what_is_no_url_is_refused(void **state)
{
	static const char *const urls[] = {"", "redis", "redis:/x", "http://127.0.0.1", "redis://",
		"redis://:6379", "redis://127.0.0.1:", "redis://[::1", "redis://[::1]x",
		"redis://127.0.0.1/x", "redis://127.0.0.1/-1", "redis://127.0.0.1/99999",
		"unix://run/redis", "unix:///run?x=1", "unix:///run?db=", "redis://%zz@127.0.0.1",
		"redis://a%4@127.0.0.1", "redis://%00@127.0.0.1"};
	struct address address;

	(void)state;
	for (size_t at = 0; at < sizeof(urls) / sizeof(urls[0]); at++)
		assert_int_equal(address_parse(urls[at], &address), -EINVAL);
	assert_int_equal(address_parse("rediss://127.0.0.1", &address), -EPROTONOSUPPORT);
	assert_int_equal(address_parse("redis://no.such.host.invalid", &address), -EADDRNOTAVAIL);
	assert_int_equal(address_parse("redis://127.0.0.1:http:80x", &address), -EADDRNOTAVAIL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_and_ports),
		cmocka_unit_test(users_and_passwords),
		cmocka_unit_test(paths),
		cmocka_unit_test(what_is_no_url_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
