/* SPDX-License-Identifier: MIT */
/*
 * Asks a device behind a serial port something and prints its answer, a line.
 *
 *     cc -o ask ask.c $(pkg-config --cflags --libs haul-serial)
 *     ./ask usb:0403:6001 115200 "temperature?"
 *     ./ask                                        (lists the ports)
 */
#include <haul/serial.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_NS 2000000000u /* for the question to go out, and for the answer to come */

static int print_port(const struct haul_port_info *info, void *context)
{
	char name[HAUL_PORT_NAME_BYTES];

	(void)context;
	haul_port_identity(info, name);
	printf("%s  %s  %s\n", info->path, name, info->description);
	return 0;
}

/* All of it or nothing counts: what the device did not take by then is not sent later. */
static int send_line(struct haul_port *port, const char *text)
{
	char line[256];
	int bytes = snprintf(line, sizeof(line), "%s\n", text);
	ssize_t written;

	if (bytes < 0 || (size_t)bytes >= sizeof(line))
		return -1;
	written = haul_port_write(port, line, (size_t)bytes, haul_port_now_ns() + TIMEOUT_NS);
	return written == bytes ? 0 : -1;
}

/* Lines may arrive in any number of pieces. */
static int print_line(struct haul_port *port)
{
	uint64_t deadline_ns = haul_port_now_ns() + TIMEOUT_NS;
	char data[256];
	ssize_t got;

	while ((got = haul_port_read(port, data, sizeof(data), deadline_ns)) > 0) {
		const char *end = memchr(data, '\n', (size_t)got);

		fwrite(data, 1, end ? (size_t)(end - data) + 1 : (size_t)got, stdout);
		if (end)
			return 0;
	}
	fprintf(stderr, "ask: %s\n", got < 0 ? strerror((int)-got) : "no answer came in time");
	return -1;
}

static int ask(const char *name, const struct haul_port_settings *settings, const char *question)
{
	struct haul_port_holder holder;
	struct haul_port *port;
	int error = haul_port_open(name, settings, &port);

	if (error) {
		fprintf(stderr, "ask: %s: %s", name, strerror(-error));
		if (haul_port_holder(name, &holder) == 0)
			fprintf(stderr, ": %s has it", holder.command);
		fprintf(stderr, "\n");
		return error;
	}
	error = send_line(port, question);
	if (error)
		fprintf(stderr, "ask: the device did not take the question\n");
	else
		error = print_line(port);
	haul_port_close(port); /* never hangs, whatever the device does */
	return error;
}

int main(int argc, char **argv)
{
	struct haul_port_settings settings;

	if (argc == 1)
		return haul_ports_each(print_port, NULL) != 0;
	if (argc != 4) {
		fprintf(stderr, "usage: ask [PORT BAUD QUESTION]\n");
		return 1;
	}
	haul_port_settings_default(&settings);
	settings.rate_baud = (uint32_t)strtoul(argv[2], NULL, 10);
	return ask(argv[1], &settings, argv[3]) != 0;
}
