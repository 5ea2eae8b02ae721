/* SPDX-License-Identifier: MIT */
/*
 * Serial round trips and throughput on pseudo-terminals. bench/serial_report drives it beside
 * copies and beside pyserial.
 *
 *     serial echo                     a device that says back what it is told; prints its path
 *     serial source RATE SECONDS      one that speaks numbered lines at RATE bytes a second, once a
 *                                     line has come; prints its path
 *     serial trips PORT COUNT BYTES   asks COUNT times and prints p50, p99, p99.9 and the worst, in
 * µs serial take PORT                asks a source and counts its lines until they end; prints how
 * many came, how many are missing, and bytes a second
 *
 * The devices stand for hardware, which no scheduler holds up: they ask for a real-time priority,
 * and say so when they don't get one.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "haul/serial.h"

#define SECOND_NS   UINT64_C(1000000000)
#define TICK_NS     UINT64_C(1000000)
#define TRIP_MAX    4096u
#define COUNT_MAX   10000000u
#define WAIT_NS     (10 * SECOND_NS)
#define QUIET_NS    SECOND_NS /* ends a source's lines */
#define LINE_FORMAT "%011" PRIu64 "\n"
#define LINE_BYTES  12u

static int fail(const char *what, int error)
{
	fprintf(stderr, "serial: %s: %s\n", what, strerror(error < 0 ? -error : error));
	return 1;
}

/* ---- devices ---- */

static int device_open(void)
{
	const struct sched_param priority = {.sched_priority = 10};
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	struct termios raw;
	int slave;

	if (master < 0 || grantpt(master) || unlockpt(master))
		return -1;
	/* Held open, so that the first to open it is not the last to close it. */
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	if (slave < 0 || tcgetattr(slave, &raw))
		return -1;
	cfmakeraw(&raw);
	if (tcsetattr(slave, TCSANOW, &raw))
		return -1;
	if (sched_setscheduler(0, SCHED_FIFO, &priority))
		fprintf(stderr, "serial: the device has no real-time priority\n");
	puts(ptsname(master));
	fflush(stdout);
	return master;
}

static int run_echo(void)
{
	int master = device_open();
	char data[TRIP_MAX];
	ssize_t got;

	if (master < 0)
		return fail("cannot open a pseudo-terminal", errno);
	while ((got = read(master, data, sizeof(data))) > 0) {
		if (write(master, data, (size_t)got) != got)
			return fail("cannot answer", errno);
	}
	return 0;
}

/* Each tick, what a line of this rate would have carried meanwhile. What is not taken in time is
 * told: hardware would have dropped it. */
static int run_source(uint64_t rate, uint64_t seconds)
{
	int master = device_open();
	uint64_t line = 0, begun_ns, held_ns = 0;
	char byte;

	if (master < 0 || read(master, &byte, 1) != 1)
		return fail("cannot open a pseudo-terminal", errno);
	begun_ns = haul_port_now_ns();
	for (uint64_t now_ns; (now_ns = haul_port_now_ns()) < begun_ns + seconds * SECOND_NS;) {
		const struct timespec tick = {.tv_nsec = TICK_NS};

		while (line * LINE_BYTES < (now_ns - begun_ns) * rate / SECOND_NS) {
			char text[LINE_BYTES + 1];
			uint64_t before_ns = haul_port_now_ns();

			snprintf(text, sizeof(text), LINE_FORMAT, line++);
			if (write(master, text, LINE_BYTES) != LINE_BYTES)
				return fail("cannot speak", errno);
			if (haul_port_now_ns() - before_ns > held_ns)
				held_ns = haul_port_now_ns() - before_ns;
		}
		nanosleep(&tick, NULL);
	}
	fprintf(stderr, "source: %" PRIu64 " lines, held up at most %.1f ms\n", line,
		(double)held_ns / 1e6);
	sleep(2);
	return 0;
}

/* ---- haul's side ---- */

static int port_open(const char *path, struct haul_port **ret_port)
{
	struct haul_port_settings settings;

	haul_port_settings_default(&settings);
	settings.rate_baud = 3000000;
	return haul_port_open(path, &settings, ret_port);
}

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

static void print_trips(uint64_t *trip_ns, size_t count)
{
	const size_t place[] = {count / 2, count * 99 / 100, count * 999 / 1000, count - 1};

	qsort(trip_ns, count, sizeof(*trip_ns), compare);
	for (size_t i = 0; i < sizeof(place) / sizeof(place[0]); i++)
		printf("%s%.1f", i ? " " : "", (double)trip_ns[place[i]] / 1e3);
	putchar('\n');
}

static int one_trip(struct haul_port *port, size_t bytes, uint64_t *ret_ns)
{
	uint64_t begun_ns = haul_port_now_ns();
	uint64_t deadline_ns = begun_ns + WAIT_NS;
	char data[TRIP_MAX];
	size_t back = 0;

	memset(data, 'x', bytes);
	haul_port_queue(port, data, bytes);
	while (back < bytes) {
		ssize_t got = haul_port_read(port, data, bytes - back, deadline_ns);

		if (got <= 0)
			return got < 0 ? (int)got : -ETIMEDOUT;
		back += (size_t)got;
	}
	*ret_ns = haul_port_now_ns() - begun_ns;
	return 0;
}

static int run_trips(const char *path, size_t count, size_t bytes)
{
	uint64_t *trip_ns;
	struct haul_port *port;
	int error;

	if (count == 0 || count > COUNT_MAX || bytes == 0 || bytes > TRIP_MAX)
		return fail("count or size out of range", ERANGE);
	trip_ns = calloc(count, sizeof(*trip_ns));
	error = trip_ns ? port_open(path, &port) : -ENOMEM;
	if (error) {
		free(trip_ns);
		return fail(path, error);
	}
	for (size_t i = 0; i < count && !error; i++)
		error = one_trip(port, bytes, &trip_ns[i]);
	haul_port_close(port);
	if (!error)
		print_trips(trip_ns, count);
	free(trip_ns);
	return error ? fail("round trip", error) : 0;
}

struct taken {
	uint64_t bytes;
	uint64_t expected; /* the next line's number */
	uint64_t missing;
	char line[LINE_BYTES + 1];
	size_t used;
};

static void take(struct taken *taken, const char *data, size_t bytes)
{
	taken->bytes += bytes;
	for (size_t i = 0; i < bytes; i++) {
		uint64_t number;

		taken->line[taken->used++] = data[i];
		if (data[i] != '\n' && taken->used < LINE_BYTES)
			continue;
		taken->line[taken->used] = '\0';
		taken->used = 0;
		number = strtoull(taken->line, NULL, 10);
		taken->missing += number > taken->expected ? number - taken->expected : 0;
		taken->expected = number + 1;
	}
}

static int run_take(const char *path)
{
	uint64_t begun_ns = haul_port_now_ns(), last_ns = begun_ns,
		 deadline_ns = begun_ns + WAIT_NS;
	struct taken taken = {0};
	struct haul_port *port;
	int error = port_open(path, &port);
	char data[16384];
	ssize_t got;

	if (error)
		return fail(path, error);
	haul_port_queue(port, "\n", 1);
	while ((got = haul_port_read(port, data, sizeof(data), deadline_ns)) > 0) {
		take(&taken, data, (size_t)got);
		last_ns = haul_port_now_ns();
		deadline_ns = last_ns + QUIET_NS;
	}
	haul_port_close(port);
	printf("%" PRIu64 " %" PRIu64 " %.0f\n", taken.expected, taken.missing,
		(double)taken.bytes * 1e9 / (double)(last_ns - begun_ns));
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "echo") == 0)
		return run_echo();
	if (argc == 4 && strcmp(argv[1], "source") == 0)
		return run_source(strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10));
	if (argc == 5 && strcmp(argv[1], "trips") == 0)
		return run_trips(argv[2], strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10));
	if (argc == 3 && strcmp(argv[1], "take") == 0)
		return run_take(argv[2]);
	fprintf(stderr, "usage: serial echo | source RATE SECONDS | trips PORT COUNT BYTES | "
			"take PORT\n");
	return 1;
}
