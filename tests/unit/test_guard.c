/* SPDX-License-Identifier: MIT */
/* Who may see the page. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "publisher/guard.h"

static struct guard guard_of(const char *address, const char *token)
{
	struct sockaddr_storage socket;
	socklen_t bytes;
	struct guard guard = {0};

	assert_int_equal(guard_parse_address(address, &guard, &socket, &bytes), 0);
	strcpy(guard.token, token);
	return guard;
}

static void addresses(void **state)
{
	static const char *const bad[] = {
		"", ":", ":80", "127.0.0.1:", "127.0.0.1:x", "[::1", "::1:80", "127.0.0.1:70000"};
	struct sockaddr_storage socket;
	socklen_t bytes;
	struct guard guard;

	(void)state;
	assert_true(guard_of("127.0.0.1:8480", "").loopback);
	assert_true(guard_of("127.9.9.9:8480", "").loopback);
	assert_true(guard_of("[::1]:8480", "").loopback);
	assert_true(guard_of("8480", "").loopback);
	assert_false(guard_of("0.0.0.0:8480", "").loopback);
	assert_false(guard_of("[::]:8480", "").loopback);
	assert_int_equal(guard_of("8480", "").port, 8480);
	assert_string_equal(guard_of("[::1]:1", "").host, "[::1]");
	for (size_t at = 0; at < sizeof(bad) / sizeof(bad[0]); at++)
		assert_int_equal(guard_parse_address(bad[at], &guard, &socket, &bytes), -EINVAL);
	assert_int_equal(guard_parse_address("no.such.host.invalid:1", &guard, &socket, &bytes),
		-EADDRNOTAVAIL);
}

/* A foreign name that resolves to this machine does not lead in. */
static void hosts(void **state)
{
	const struct guard guard = guard_of("127.0.0.1:8480", "");
	static const char *const good[] = {
		"127.0.0.1:8480", "localhost:8480", "LOCALHOST:8480", "[::1]:8480"};
	static const char *const bad[] = {"evil.example:8480", "127.0.0.1", "127.0.0.1:80",
		"127.0.0.1:84800", "localhost.evil.example:8480", "localhost", "",
		"x127.0.0.1:8480"};

	(void)state;
	for (size_t at = 0; at < sizeof(good) / sizeof(good[0]); at++)
		assert_int_equal(
			guard_check_host(&guard, &(struct guard_request){.host = good[at]}), 0);
	for (size_t at = 0; at < sizeof(bad) / sizeof(bad[0]); at++)
		assert_int_equal(
			guard_check_host(&guard, &(struct guard_request){.host = bad[at]}), 421);
	assert_int_equal(guard_check_host(&guard, &(struct guard_request){0}), 421);
}

static void origins(void **state)
{
	struct guard_request request = {.host = "localhost:8480"};

	(void)state;
	assert_int_equal(guard_check_origin(&request), 0);
	request.origin = "http://localhost:8480";
	assert_int_equal(guard_check_origin(&request), 0);
	request.origin = "http://evil.example";
	assert_int_equal(guard_check_origin(&request), 403);
	request.origin = "http://localhost:8481";
	assert_int_equal(guard_check_origin(&request), 403);
	request.origin = "null";
	assert_int_equal(guard_check_origin(&request), 403);
}

static void tokens(void **state)
{
	const struct guard guard = guard_of("0.0.0.0:8480", "0123456789abcdef");
	struct guard_request request = {.host = "nas.local:8480"};

	(void)state;
	assert_int_equal(guard_check(&guard, &request), 401);
	request.cookie = "0123456789abcdef";
	assert_int_equal(guard_check(&guard, &request), 0);
	request.cookie = "0123456789abcdeg";
	assert_int_equal(guard_check(&guard, &request), 401);
	request.authorization = "Bearer 0123456789abcdef";
	assert_int_equal(guard_check(&guard, &request), 0);
	request.authorization = "Bearer 0123456789abcde";
	assert_int_equal(guard_check(&guard, &request), 401);
	request.token = "0123456789abcdef";
	assert_int_equal(guard_check(&guard, &request), 0);
	request.origin = "http://evil.example";
	assert_int_equal(guard_check(&guard, &request), 403);
}

static int read_token(const char *content, mode_t mode, struct guard *guard)
{
	char path[] = "/tmp/haul-token-XXXXXX";
	int fd = mkstemp(path);
	int error;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, strlen(content)), strlen(content));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	error = guard_read_token(path, guard);
	unlink(path);
	return error;
}

static void token_files(void **state)
{
	struct guard guard = {0};

	(void)state;
	assert_int_equal(read_token("0123456789abcdef\n", 0600, &guard), 0);
	assert_string_equal(guard.token, "0123456789abcdef");
	assert_int_equal(read_token("0123456789abcdef\n", 0644, &guard), -EPERM);
	assert_int_equal(read_token("short\n", 0600, &guard), -EINVAL);
	assert_int_equal(read_token("0123456789abcdef;x\n", 0600, &guard), -EINVAL);
	assert_int_equal(read_token("", 0600, &guard), -EINVAL);
	assert_int_equal(guard_read_token("/nonexistent", &guard), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(hosts),
		cmocka_unit_test(origins),
		cmocka_unit_test(tokens),
		cmocka_unit_test(token_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
