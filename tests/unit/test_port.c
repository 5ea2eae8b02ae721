/* SPDX-License-Identifier: MIT */
/* Ports on pseudo-terminals: deadlines, short writes, hang-up, exclusive use, a quick close. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "tests/unit/pty.h"

struct fixture {
	struct pty pty;
	struct haul_port *port;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct haul_port_settings settings;

	haul_port_settings_default(&settings);
	if (!fixture || pty_open(&fixture->pty) ||
		haul_port_open(fixture->pty.path, &settings, &fixture->port))
		return -1;
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	haul_port_close(fixture->port);
	if (fixture->pty.master >= 0)
		close(fixture->pty.master);
	free(fixture);
	return 0;
}

static void reads_what_arrives(void **state)
{
	struct fixture *fixture = *state;
	char data[16];

	assert_int_equal(write(fixture->pty.master, "a\rb\n\x03\x04\xff", 7), 7);
	assert_int_equal(haul_port_read(fixture->port, data, sizeof(data), soon(1000)), 7);
	assert_memory_equal(data, "a\rb\n\x03\x04\xff", 7);
}

static void a_read_ends_at_its_deadline(void **state)
{
	struct fixture *fixture = *state;
	uint64_t before = haul_port_now_ns();
	char data[4];

	assert_int_equal(haul_port_read(fixture->port, data, sizeof(data), soon(30)), 0);
	assert_in_range(haul_port_now_ns() - before, 29 * MILLISECOND, 500 * MILLISECOND);
	/* The READ that stays armed loses nothing. */
	assert_int_equal(write(fixture->pty.master, "late", 4), 4);
	assert_int_equal(haul_port_read(fixture->port, data, sizeof(data), soon(1000)), 4);
	assert_memory_equal(data, "late", 4);
}

static void takes_small_pieces_of_much(void **state)
{
	struct fixture *fixture = *state;
	static uint8_t sent[60000], got[sizeof(sent)];
	size_t written = 0, read_bytes = 0;

	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (uint8_t)(i * 31 + i / 256);
	while (read_bytes < sizeof(sent)) {
		size_t left = sizeof(sent) - read_bytes;
		ssize_t part;

		/* The driver holds a few thousand bytes; more would block, with nobody to read. */
		if (written < sizeof(sent) && written - read_bytes < 2000) {
			size_t piece =
				sizeof(sent) - written < 1000 ? sizeof(sent) - written : 1000;

			part = write(fixture->pty.master, sent + written, piece);
			assert_true(part > 0);
			written += (size_t)part;
		}
		part = haul_port_read(
			fixture->port, got + read_bytes, left < 777 ? left : 777, soon(1000));
		assert_true(part > 0);
		read_bytes += (size_t)part;
	}
	assert_memory_equal(sent, got, sizeof(sent));
}

/* Nobody reads the master: the driver takes a little, and the rest is not written later. */
static void a_write_ends_at_its_deadline(void **state)
{
	struct fixture *fixture = *state;
	static uint8_t sent[200000], got[sizeof(sent)];
	uint64_t before = haul_port_now_ns();
	ssize_t taken = haul_port_write(fixture->port, sent, sizeof(sent), soon(50));
	ssize_t arrived = 0, part;

	assert_in_range(haul_port_now_ns() - before, 49 * MILLISECOND, 1000 * MILLISECOND);
	assert_in_range(taken, 1, sizeof(sent) - 1);
	assert_int_equal(fcntl(fixture->pty.master, F_SETFL, O_NONBLOCK), 0);
	for (int quiet = 0; quiet < 20;) {
		part = read(fixture->pty.master, got, sizeof(got));
		arrived += part > 0 ? part : 0;
		quiet = part > 0 ? 0 : quiet + 1;
		haul_port_wait(fixture->port, soon(2));
	}
	assert_int_equal(arrived, taken);
}

static void short_writes_are_continued(void **state)
{
	struct fixture *fixture = *state;
	static uint8_t sent[150000], got[sizeof(sent)];
	pid_t child;
	int status;

	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (uint8_t)(i * 13 + i / 509);
	child = fork();
	if (child == 0) {
		size_t used = 0;

		while (used < sizeof(got)) {
			ssize_t part = read(fixture->pty.master, got + used, sizeof(got) - used);

			if (part <= 0)
				_exit(2);
			used += (size_t)part;
		}
		_exit(memcmp(sent, got, sizeof(sent)) != 0);
	}
	assert_int_equal(
		haul_port_write(fixture->port, sent, sizeof(sent), soon(5000)), sizeof(sent));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void a_hang_up_is_told_after_the_last_data(void **state)
{
	struct fixture *fixture = *state;
	char data[16];

	assert_int_equal(write(fixture->pty.master, "bye", 3), 3);
	assert_true(haul_port_wait(fixture->port, soon(1000)) & HAUL_PORT_INPUT);
	close(fixture->pty.master);
	fixture->pty.master = -1;
	assert_int_equal(haul_port_read(fixture->port, data, sizeof(data), soon(1000)), 3);
	assert_int_equal(haul_port_read(fixture->port, data, sizeof(data), soon(1000)), -ENODEV);
	assert_int_equal(haul_port_write(fixture->port, "x", 1, soon(1000)), -ENODEV);
	assert_int_equal(haul_port_drain(fixture->port, soon(1000)), -ENODEV);
	assert_true(haul_port_wait(fixture->port, 0) & HAUL_PORT_LOST);
}

static void a_taken_port_is_busy(void **state)
{
	struct fixture *fixture = *state;
	struct haul_port_settings settings = *haul_port_settings(fixture->port);
	struct haul_port_holder holder;
	struct haul_port *second;
	int status;
	pid_t child;

	assert_int_equal(haul_port_open(fixture->pty.path, &settings, &second), -EBUSY);
	/* Seen from another process, this one is the holder. */
	child = fork();
	if (child == 0) {
		if (haul_port_holder(fixture->pty.path, &holder) < 0)
			_exit(1);
		_exit(holder.pid != getppid());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	/* The child itself inherited the port, but does not count. */
	assert_int_equal(status, 0);
}

static void a_closed_port_opens_again(void **state)
{
	struct fixture *fixture = *state;
	struct haul_port_settings settings = *haul_port_settings(fixture->port);
	uint64_t before = haul_port_now_ns();
	char data[4];

	haul_port_close(fixture->port);
	assert_true(haul_port_now_ns() - before < 200 * MILLISECOND);
	assert_int_equal(haul_port_open(fixture->pty.path, &settings, &fixture->port), 0);
	assert_int_equal(write(fixture->pty.master, "on", 2), 2);
	assert_int_equal(haul_port_read(fixture->port, data, sizeof(data), soon(1000)), 2);
}

/* With flow control off at the peer and output stuck, neither drain nor close hangs. */
static void a_stuck_port_closes_at_once(void **state)
{
	struct fixture *fixture = *state;
	static uint8_t sent[100000];
	uint64_t before;

	assert_true(haul_port_queue(fixture->port, sent, sizeof(sent)) > 0);
	assert_true(haul_port_wait(fixture->port, soon(20)) >= 0);
	assert_int_equal(haul_port_drain(fixture->port, soon(30)), -ETIMEDOUT);
	before = haul_port_now_ns();
	haul_port_close(fixture->port);
	fixture->port = NULL;
	assert_true(haul_port_now_ns() - before < 500 * MILLISECOND);
}

static void xoff_holds_a_write_until_xon(void **state)
{
	struct fixture *fixture = *state;
	struct haul_port_settings settings = *haul_port_settings(fixture->port);
	char data[8];

	settings.flow = HAUL_FLOW_SOFTWARE;
	assert_int_equal(haul_port_configure(fixture->port, &settings), 0);
	assert_int_equal(write(fixture->pty.master, "\x13", 1), 1);
	assert_int_equal(haul_port_read(fixture->port, data, sizeof(data), soon(20)), 0);
	assert_int_equal(haul_port_write(fixture->port, "held", 4, soon(50)), 0);
	assert_int_equal(write(fixture->pty.master, "\x11", 1), 1);
	assert_int_equal(haul_port_write(fixture->port, "free", 4, soon(1000)), 4);
	assert_int_equal(read(fixture->pty.master, data, sizeof(data)), 4);
	assert_memory_equal(data, "free", 4);
}

static void odd_rates_are_set(void **state)
{
	struct fixture *fixture = *state;
	struct haul_port_settings settings = *haul_port_settings(fixture->port);
	static const uint32_t rates[] = {300, 31250, 74880, 250000, 3000000, 115200};

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		settings.rate_baud = rates[i];
		assert_int_equal(haul_port_configure(fixture->port, &settings), 0);
	}
	settings.rate_baud = 0;
	assert_int_equal(haul_port_configure(fixture->port, &settings), -EINVAL);
	settings.rate_baud = 9600;
	settings.data_bits = 9;
	assert_int_equal(haul_port_configure(fixture->port, &settings), -EINVAL);
}

static void watches_other_descriptors_too(void **state)
{
	struct fixture *fixture = *state;
	int end[2], spare[2];
	char byte;

	assert_int_equal(pipe(end), 0);
	assert_int_equal(pipe(spare), 0);
	assert_int_equal(haul_port_watch(fixture->port, end[0]), 0);
	assert_int_equal(haul_port_watch(fixture->port, spare[0]), 0);
	assert_int_equal(haul_port_wait(fixture->port, soon(10)), 0);
	for (int round = 0; round < 3; round++) {
		assert_int_equal(write(end[1], "x", 1), 1);
		assert_int_equal(haul_port_wait(fixture->port, soon(1000)), HAUL_PORT_WATCHED);
		assert_true(haul_port_watched(fixture->port, end[0]));
		assert_false(haul_port_watched(fixture->port, spare[0]));
		assert_int_equal(haul_port_wait(fixture->port, soon(1000)), HAUL_PORT_WATCHED);
		assert_int_equal(read(end[0], &byte, 1), 1);
		/* The poll that was armed before the read may still tell once. */
		haul_port_wait(fixture->port, 0);
		assert_int_equal(haul_port_wait(fixture->port, soon(5)), 0);
	}
	haul_port_unwatch(fixture->port, end[0]);
	assert_int_equal(write(end[1], "x", 1), 1);
	assert_int_equal(haul_port_wait(fixture->port, soon(5)), 0);
	for (int i = 0; i < 2; i++) {
		close(end[i]);
		close(spare[i]);
	}
}

static void discarded_input_is_gone(void **state)
{
	struct fixture *fixture = *state;
	char data[8];

	assert_int_equal(write(fixture->pty.master, "old", 3), 3);
	assert_true(haul_port_wait(fixture->port, soon(1000)) & HAUL_PORT_INPUT);
	assert_int_equal(write(fixture->pty.master, "old", 3), 3);
	haul_port_discard_input(fixture->port);
	assert_int_equal(write(fixture->pty.master, "new", 3), 3);
	assert_int_equal(haul_port_read(fixture->port, data, sizeof(data), soon(1000)), 3);
	assert_memory_equal(data, "new", 3);
}

static void what_is_no_port_is_refused(void **state)
{
	struct haul_port_settings settings;
	struct haul_port *port = NULL;

	(void)state;
	haul_port_settings_default(&settings);
	assert_int_equal(haul_port_open("/dev/null", &settings, &port), -ENOTTY);
	assert_int_equal(haul_port_open("/etc/passwd", &settings, &port), -ENOTTY);
	assert_int_equal(haul_port_open("/dev/no-such-port", &settings, &port), -ENODEV);
	assert_int_equal(haul_port_open("usb:dead:beef", &settings, &port), -ENODEV);
	assert_int_equal(haul_port_open("usb:nonsense", &settings, &port), -EINVAL);
	assert_int_equal(haul_port_open("", &settings, &port), -EINVAL);
	assert_null(port);
}

static void modem_lines_of_a_pty_are_none(void **state)
{
	struct fixture *fixture = *state;
	struct haul_port_counters counters;

	assert_int_equal(haul_port_lines(fixture->port), -ENOTTY);
	assert_int_equal(haul_port_counters(fixture->port, &counters), -ENOTTY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reads_what_arrives, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_read_ends_at_its_deadline, set_up, tear_down),
		cmocka_unit_test_setup_teardown(takes_small_pieces_of_much, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_write_ends_at_its_deadline, set_up, tear_down),
		cmocka_unit_test_setup_teardown(short_writes_are_continued, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_hang_up_is_told_after_the_last_data, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_taken_port_is_busy, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_closed_port_opens_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_stuck_port_closes_at_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(xoff_holds_a_write_until_xon, set_up, tear_down),
		cmocka_unit_test_setup_teardown(odd_rates_are_set, set_up, tear_down),
		cmocka_unit_test_setup_teardown(watches_other_descriptors_too, set_up, tear_down),
		cmocka_unit_test_setup_teardown(discarded_input_is_gone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(modem_lines_of_a_pty_are_none, set_up, tear_down),
		cmocka_unit_test(what_is_no_port_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
