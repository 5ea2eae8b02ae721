/* SPDX-License-Identifier: MIT */
/*
 * Serial round trips and throughput, on pseudo-terminals and with an emulated microcontroller.
 * bench/serial_report drives it beside copies and beside pyserial.
 *
 *     serial echo                 a device that says back what it is told; prints its path
 *     serial source RATE SECONDS  one that speaks numbered lines at RATE bytes a second, once a
 *                                 line has come; prints its path. SIGUSR1 makes it pause, and speak
 *                                 again; SIGTERM ends it early
 *     serial trips PORT COUNT BYTES [WORD]
 *                                 asks COUNT times for BYTES, with WORD before them if there is
 *                                 one, and prints p50, p99, p99.9 and the worst, in microseconds
 *     serial take PORT [QUIET]    asks a source and counts its lines, until they end or none comes
 *                                 for QUIET seconds (1); prints how many came, how many are
 *                                 missing, bytes a second, and the CPU time that it took, in
 *                                 milliseconds
 *
 * The devices stand for hardware, which no scheduler holds up: they ask for a real-time priority,
 * and say so when they don't get one.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "haul/serial.h"

#define SECOND_NS   UINT64_C(1000000000)
#define TICK_NS     UINT64_C(1000000)
#define TRIP_MAX    4096u
#define COUNT_MAX   10000000u
#define WAIT_NS     (10 * SECOND_NS)
#define LATE_NS     (50 * TICK_NS) /* what a source missed longer ago it does not make up for */
#define LINE_FORMAT "%011" PRIu64 "\n"
#define LINE_BYTES  12u
#define PIECE_BYTES 2048u /* a source's largest; what is left waits for the next tick */

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

static volatile sig_atomic_t source_pauses, source_ends;

static void on_signal(int number)
{
	if (number == SIGUSR1)
		source_pauses = !source_pauses;
	else
		source_ends = 1;
}

struct source {
	int master;
	uint64_t rate;
	uint64_t line;
	uint64_t next_ns; /* when the next line is due */
	uint64_t held_ns; /* what was not taken in time: hardware would have dropped it */
};

/* What a line of this rate would have carried since the last tick, in one piece, as USB brings it.
 */
static int source_speak(struct source *source, uint64_t now_ns)
{
	char text[PIECE_BYTES];
	size_t used = 0, sent = 0;
	uint64_t begun_ns;
	ssize_t part;

	if (source->next_ns + LATE_NS < now_ns)
		source->next_ns = now_ns;
	for (; source->next_ns <= now_ns && used + LINE_BYTES < sizeof(text); used += LINE_BYTES) {
		snprintf(text + used, sizeof(text) - used, LINE_FORMAT, source->line++);
		source->next_ns += LINE_BYTES * SECOND_NS / source->rate;
	}
	begun_ns = haul_port_now_ns();
	while (sent < used) {
		part = write(source->master, text + sent, used - sent);
		if (part < 0 && errno != EINTR)
			return -errno;
		sent += part > 0 ? (size_t)part : 0;
	}
	if (haul_port_now_ns() - begun_ns > source->held_ns)
		source->held_ns = haul_port_now_ns() - begun_ns;
	return 0;
}

static int run_source(uint64_t rate, uint64_t seconds)
{
	const struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	const struct timespec tick = {.tv_nsec = TICK_NS};
	struct source source = {.master = device_open(), .rate = rate};
	uint64_t end_ns;
	char byte;

	if (!rate || sigaction(SIGUSR1, &action, NULL) || sigaction(SIGTERM, &action, NULL))
		return fail("cannot begin", EINVAL);
	if (source.master < 0 || read(source.master, &byte, 1) != 1)
		return fail("cannot open a pseudo-terminal", errno);
	end_ns = haul_port_now_ns() + seconds * SECOND_NS;
	for (uint64_t now_ns; !source_ends && (now_ns = haul_port_now_ns()) < end_ns;) {
		if (!source_pauses && source_speak(&source, now_ns))
			return fail("cannot speak", errno);
		nanosleep(&tick, NULL);
	}
	fprintf(stderr, "source: %" PRIu64 " lines, held up at most %.1f ms\n", source.line,
		(double)source.held_ns / 1e6);
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

/* What is sent, and how much of it comes back. */
struct request {
	char text[TRIP_MAX];
	size_t bytes;
	size_t answer_bytes;
};

static int one_trip(struct haul_port *port, const struct request *request, uint64_t *ret_ns)
{
	uint64_t begun_ns = haul_port_now_ns();
	uint64_t deadline_ns = begun_ns + WAIT_NS;
	char data[TRIP_MAX];
	size_t back = 0;

	haul_port_queue(port, request->text, request->bytes);
	while (back < request->answer_bytes) {
		ssize_t got = haul_port_read(port, data, request->answer_bytes - back, deadline_ns);

		if (got <= 0)
			return got < 0 ? (int)got : -ETIMEDOUT;
		back += (size_t)got;
	}
	*ret_ns = haul_port_now_ns() - begun_ns;
	return 0;
}

static int run_trips(const char *path, size_t count, size_t bytes, const char *word)
{
	struct request request = {.answer_bytes = bytes};
	size_t word_bytes = strlen(word);
	uint64_t *trip_ns;
	struct haul_port *port;
	int error;

	if (!count || count > COUNT_MAX || !bytes || bytes + word_bytes > TRIP_MAX)
		return fail("count or size out of range", ERANGE);
	memcpy(request.text, word, word_bytes);
	memset(request.text + word_bytes, 'x', bytes - 1);
	request.bytes = word_bytes + bytes;
	request.text[request.bytes - 1] = '\n';
	trip_ns = calloc(count, sizeof(*trip_ns));
	error = trip_ns ? port_open(path, &port) : -ENOMEM;
	if (error) {
		free(trip_ns);
		return fail(path, error);
	}
	for (size_t i = 0; i < count && !error; i++)
		error = one_trip(port, &request, &trip_ns[i]);
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

static double cpu_ms(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage))
		return 0;
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

static int run_take(const char *path, uint64_t quiet_s)
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
		deadline_ns = last_ns + quiet_s * SECOND_NS;
	}
	haul_port_close(port);
	printf("%" PRIu64 " %" PRIu64 " %.0f %.1f\n", taken.expected, taken.missing,
		(double)taken.bytes * 1e9 / (double)(last_ns - begun_ns), cpu_ms());
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "echo") == 0)
		return run_echo();
	if (argc == 4 && strcmp(argv[1], "source") == 0)
		return run_source(strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10));
	if ((argc == 5 || argc == 6) && strcmp(argv[1], "trips") == 0)
		return run_trips(argv[2], strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10),
			argc == 6 ? argv[5] : "");
	if ((argc == 3 || argc == 4) && strcmp(argv[1], "take") == 0)
		return run_take(argv[2], argc == 4 ? strtoull(argv[3], NULL, 10) : 1);
	fprintf(stderr,
		"usage: serial echo | source RATE SECONDS | trips PORT COUNT BYTES [WORD] | "
		"take PORT [QUIET]\n");
	return 1;
}
