/* SPDX-License-Identifier: MIT */
#include "serialctl/exchange.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "serialctl/channel.h"
#include "serialctl/report.h"
#include "util/clock.h"

#define SECOND_NS      UINT64_C(1000000000)
#define PROGRESS_NS    (SECOND_NS / 10) /* at most ten records a second */
#define SETTLE_LINE_NS (10 * SECOND_NS) /* to write an end that was left over */

/* Follows what the coordinator ordered since. While the transfer is paused, nothing is sent: the
 * other side waits, as long as its own patience lasts. */
static int exchange_heed(struct exchange *exchange)
{
	if (!haul_port_watched(exchange->port, exchange->channel))
		return 0;
	switch (channel_heed(exchange->channel)) {
	case CHANNEL_STOP:
		return -ECANCELED;
	case CHANNEL_PAUSE:
		exchange->paused = true;
		break;
	case CHANNEL_RESUME:
		exchange->paused = false;
		break;
	default:
		break;
	}
	return 0;
}

/* What a wait returned, as an error of the transfer: 0 for no error. */
static int exchange_error(struct exchange *exchange, int events)
{
	if (events < 0)
		return events == -EINTR ? 0 : events;
	if (events & HAUL_PORT_LOST)
		return -ENODEV;
	return exchange_heed(exchange);
}

static int exchange_stand_still(struct exchange *exchange)
{
	int error = 0;

	lane_ring(exchange->lane, clock_monotonic_ns(), true);
	while (exchange->paused && !error)
		error = exchange_error(
			exchange, haul_port_wait_written(exchange->port, HAUL_PORT_FOREVER));
	return error;
}

int exchange_put(struct exchange *exchange, const void *data, size_t bytes, uint64_t grace_ns)
{
	const uint8_t *next = data;
	int error = exchange_stand_still(exchange);
	uint64_t deadline_ns = clock_monotonic_ns() + exchange_line_ns(exchange, bytes) + grace_ns;

	while (!error && (bytes || haul_port_queued(exchange->port))) {
		size_t queued = haul_port_queue(exchange->port, next, bytes);

		next += queued;
		bytes -= queued;
		error = exchange_error(
			exchange, haul_port_wait_written(exchange->port, deadline_ns));
		if (!error && (bytes || haul_port_queued(exchange->port)) &&
			clock_monotonic_ns() >= deadline_ns)
			error = -ETIMEDOUT;
	}
	if (error)
		haul_port_discard_output(exchange->port);
	return error;
}

ssize_t exchange_get(struct exchange *exchange, void *ret_data, size_t bytes, uint64_t deadline_ns)
{
	for (;;) {
		int events = haul_port_wait(exchange->port, deadline_ns);
		int error = exchange_error(exchange, events);
		size_t taken = haul_port_take(exchange->port, ret_data, bytes);

		/* What arrived before the port was lost still counts. */
		if (taken && (!error || error == -ENODEV))
			return (ssize_t)taken;
		if (error)
			return error;
		if (clock_monotonic_ns() >= deadline_ns)
			return 0;
	}
}

int exchange_pause(struct exchange *exchange, uint64_t deadline_ns)
{
	while (clock_monotonic_ns() < deadline_ns) {
		uint8_t ignored[256];
		ssize_t got = exchange_get(exchange, ignored, sizeof(ignored), deadline_ns);

		if (got < 0)
			return (int)got;
	}
	return 0;
}

uint64_t exchange_line_ns(const struct exchange *exchange, size_t bytes)
{
	const struct haul_port_settings *settings = haul_port_settings(exchange->port);
	unsigned bits = 1u + settings->data_bits + settings->stop_bits +
			(settings->parity != HAUL_PARITY_NONE);

	return bytes * bits * SECOND_NS / settings->rate_baud;
}

static const char *error_text(int error)
{
	switch (error) {
	case -ECANCELED:
		return "cancelled";
	case -ENODEV:
		return "the port is gone";
	case -ETIMEDOUT:
		return "the other side does not answer";
	case -EPROTO:
		return "too many errors on the line";
	default:
		return strerror(-error);
	}
}

int exchange_fail(struct exchange *exchange, int error, const char *what, const char *name)
{
	if (!exchange->said)
		channel_say(exchange->channel, CHANNEL_FAILURE, error, "%s%s%s%s: %s", what,
			name ? " '" : "", name ? name : "", name ? "'" : "", error_text(error));
	exchange->said = true;
	return error;
}

static void exchange_record(struct exchange *exchange, enum haul_record_type type, uint64_t bytes)
{
	struct lane_file file = {
		.directory = "",
		.name = exchange->name,
		.name_bytes = strlen(exchange->name),
		.bytes = bytes,
	};
	uint64_t now_ns = clock_monotonic_ns();

	lane_file(exchange->lane, type, now_ns, &file);
	lane_ring(exchange->lane, now_ns, true);
}

void exchange_file_begins(struct exchange *exchange, const char *name, uint64_t bytes)
{
	exchange->name = name;
	exchange->begun_ns = exchange->told_ns = clock_monotonic_ns();
	exchange_record(exchange, HAUL_RECORD_FILE_STARTED, bytes);
}

void exchange_progress(struct exchange *exchange, uint64_t done_bytes, uint64_t bytes)
{
	uint64_t now_ns = clock_monotonic_ns();
	char total[32] = "?";

	lane_ring(exchange->lane, now_ns, false);
	if (now_ns - exchange->told_ns < PROGRESS_NS)
		return;
	exchange->told_ns = now_ns;
	if (bytes != MODEM_SIZE_UNKNOWN)
		snprintf(total, sizeof(total), "%" PRIu64, bytes);
	report_text(exchange->lane, HAUL_SERIAL_PROGRESS, haul_port_info(exchange->port)->path,
		"%.128s %" PRIu64 "/%s", exchange->name, done_bytes, total);
}

void exchange_file_done(struct exchange *exchange, uint64_t bytes)
{
	lane_add(exchange->lane, HAUL_FILES_DONE, 1);
	exchange_record(exchange, HAUL_RECORD_FILE_DONE, bytes);
}

enum modem_protocol exchange_protocol(const struct exchange *exchange)
{
	switch (exchange->task->protocol) {
	case PROTOCOL_XMODEM:
		return MODEM_XMODEM;
	case PROTOCOL_XMODEM_CHECKSUM:
		return MODEM_XMODEM_CHECKSUM;
	case PROTOCOL_XMODEM_1K:
		return MODEM_XMODEM_1K;
	default:
		return MODEM_YMODEM;
	}
}

struct modem_timing exchange_timing(const struct exchange *exchange)
{
	struct modem_timing timing = modem_timing_default;

	if (exchange->task->start_s)
		timing.start_ns = exchange->task->start_s * SECOND_NS;
	return timing;
}

int exchange_run(struct exchange *exchange)
{
	bool raw = exchange->task->protocol == PROTOCOL_RAW;
	int error = haul_port_watch(exchange->port, exchange->channel);

	if (error)
		return exchange_fail(exchange, error, "cannot watch for a stop", NULL);
	if (exchange->task->action == SERIAL_SEND)
		error = raw ? raw_send(exchange) : modem_send(exchange);
	else
		error = raw ? raw_receive(exchange) : modem_receive(exchange);
	if (!error)
		error = haul_port_drain(exchange->port, clock_monotonic_ns() + SETTLE_LINE_NS);
	return error ? exchange_fail(exchange, error, "transfer failed", exchange->name) : 0;
}
