/* SPDX-License-Identifier: MIT */
/* Messages on their way to slow readers, and to none. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "publisher/outbox.h"

#define LIMIT_BYTES (1024u * 1024)

static size_t read_all(int fd, char *data, size_t bytes)
{
	ssize_t got = read(fd, data, bytes);

	return got > 0 ? (size_t)got : 0;
}

/* Fills a pipe far beyond its capacity, reads in odd portions, and compares. */
static void a_slow_reader_gets_everything(void **state)
{
	struct outbox outbox = {0};
	uint32_t sent = 0, expected = 0;
	char data[4099];
	int pipe_fd[2], fd;
	size_t held = 0;

	(void)state;
	assert_int_equal(pipe2(pipe_fd, O_CLOEXEC), 0);
	assert_int_equal(outbox_open_fd(pipe_fd[1], &fd), 0);
	while (sent < 200000 || held || outbox_bytes(&outbox)) {
		while (sent < 200000 &&
			outbox_put(&outbox, &sent, sizeof(sent), LIMIT_BYTES / 4) == 0)
			sent++;
		assert_int_equal(outbox_send(&outbox, fd), 0);
		held += read_all(pipe_fd[0], data + held, sizeof(data) - held);
		for (size_t at = 0; at + 4 <= held; at += 4, expected++)
			assert_memory_equal(data + at, &expected, 4);
		memmove(data, data + held / 4 * 4, held % 4);
		held %= 4;
	}
	assert_int_equal(expected, 200000);
	outbox_close(&outbox);
	close(fd);
	close(pipe_fd[0]);
	close(pipe_fd[1]);
}

static void memory_is_bounded(void **state)
{
	struct outbox outbox = {0};
	char message[1000] = {0};
	unsigned taken = 0;

	(void)state;
	while (outbox_put(&outbox, message, sizeof(message), LIMIT_BYTES) == 0)
		taken++;
	assert_int_equal(taken, LIMIT_BYTES / sizeof(message));
	assert_true(outbox.capacity <= 2 * LIMIT_BYTES);
	assert_int_equal(outbox_put(&outbox, message, 1, 10), -ENOSPC);
	outbox_close(&outbox);
	assert_int_equal(outbox_put(&outbox, message, 11, 10), -ENOSPC);
	assert_int_equal(outbox_put(&outbox, message, 10, 10), 0);
	outbox_close(&outbox);
}

static void others_see_no_change(void **state)
{
	int pipe_fd[2], fd;

	(void)state;
	assert_int_equal(pipe2(pipe_fd, O_CLOEXEC), 0);
	assert_int_equal(outbox_open_fd(pipe_fd[1], &fd), 0);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_false(fcntl(pipe_fd[1], F_GETFL) & O_NONBLOCK);
	close(fd);
	close(pipe_fd[0]);
	close(pipe_fd[1]);
	assert_int_equal(outbox_open_fd(-1, &fd), -EBADF);
}

static void a_socket_never_blocks(void **state)
{
	struct outbox outbox = {0};
	char *data = calloc(1, LIMIT_BYTES);
	int pair[2], fd;

	(void)state;
	assert_non_null(data);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(outbox_open_fd(pair[0], &fd), 0);
	assert_int_equal(outbox_put(&outbox, data, LIMIT_BYTES, LIMIT_BYTES), 0);
	alarm(10);
	assert_int_equal(outbox_send(&outbox, fd), 0);
	alarm(0);
	assert_true(outbox_bytes(&outbox) > 0);
	close(pair[1]);
	assert_int_equal(outbox_send(&outbox, fd), -EPIPE);
	outbox_close(&outbox);
	close(fd);
	close(pair[0]);
	free(data);
}

static void a_reader_that_left_is_told(void **state)
{
	struct outbox outbox = {0};
	int pipe_fd[2], fd;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe2(pipe_fd, O_CLOEXEC), 0);
	assert_int_equal(outbox_open_fd(pipe_fd[1], &fd), 0);
	close(pipe_fd[0]);
	assert_int_equal(outbox_put(&outbox, "x", 1, 1), 0);
	assert_int_equal(outbox_send(&outbox, fd), -EPIPE);
	outbox_close(&outbox);
	close(fd);
	close(pipe_fd[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slow_reader_gets_everything),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(others_see_no_change),
		cmocka_unit_test(a_socket_never_blocks),
		cmocka_unit_test(a_reader_that_left_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
