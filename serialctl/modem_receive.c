/* SPDX-License-Identifier: MIT */
/* Receiving files by XMODEM or YMODEM: the state machine, joined to files and a port. */
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>

#include "serialctl/exchange.h"
#include "serialctl/inbox.h"
#include "serialctl/modem_receiver.h"
#include "util/clock.h"

#define WRITE_GRACE_NS UINT64_C(10000000000)

struct receiving {
	struct exchange *exchange;
	struct modem_receiver receiver;
	struct inbox inbox;
};

/* A failure here is the caller's own: the sender is told to give up. */
static void receiving_give_up(struct receiving *receiving, int error, const char *what)
{
	const char *name = receiving->receiver.file.name;

	exchange_fail(receiving->exchange, error, what, *name ? name : receiving->inbox.file.name);
	modem_receiver_cancel(&receiving->receiver, error);
}

static void receiving_begin(struct receiving *receiving)
{
	struct exchange *exchange = receiving->exchange;
	struct modem_file *file = &receiving->receiver.file;
	char path[PATH_MAX];
	int error;

	/* XMODEM has no names: the one on the command line it is. */
	if (exchange->task->protocol != PROTOCOL_YMODEM) {
		snprintf(path, sizeof(path), "%s", exchange->task->target);
		snprintf(file->name, sizeof(file->name), "%s", basename(path));
	}
	error = inbox_begin(&receiving->inbox, file);
	if (error) {
		receiving_give_up(receiving, error, "cannot create");
		return;
	}
	lane_add(exchange->lane, HAUL_FILES_PLANNED, 1);
	if (file->size_bytes != MODEM_SIZE_UNKNOWN)
		lane_add(exchange->lane, HAUL_BYTES_PLANNED, file->size_bytes);
	exchange_file_begins(exchange, receiving->inbox.file.name, file->size_bytes);
	modem_receiver_accept(&receiving->receiver);
}

static void receiving_keep(struct receiving *receiving)
{
	struct modem_receiver *receiver = &receiving->receiver;
	struct exchange *exchange = receiving->exchange;
	int error = inbox_write(&receiving->inbox, receiver->data, receiver->data_bytes);

	lane_add(exchange->lane, HAUL_BYTES_READ, receiver->data_bytes);
	if (error) {
		receiving_give_up(receiving, error, "cannot write");
		return;
	}
	lane_add(exchange->lane, HAUL_BYTES_ACCEPTED, receiver->data_bytes);
	modem_receiver_kept(receiver);
	exchange_progress(exchange, receiver->done_bytes, receiver->file.size_bytes);
}

static void receiving_finish(struct receiving *receiving)
{
	struct exchange *exchange = receiving->exchange;
	uint64_t bytes = receiving->inbox.bytes;
	int error = inbox_finish(&receiving->inbox);

	if (error) {
		receiving_give_up(receiving, error, "cannot finish");
		return;
	}
	if (receiving->receiver.file.size_bytes == MODEM_SIZE_UNKNOWN)
		lane_add(exchange->lane, HAUL_BYTES_PLANNED, bytes);
	lane_add(exchange->lane, HAUL_BYTES_DURABLE, bytes);
	exchange_file_done(exchange, bytes);
	modem_receiver_kept(&receiving->receiver);
}

static int receiving_output(struct receiving *receiving)
{
	struct modem_receiver *receiver = &receiving->receiver;
	int error = exchange_put(
		receiving->exchange, receiver->output, receiver->output_bytes, WRITE_GRACE_NS);

	modem_receiver_sent(receiver, clock_monotonic_ns());
	return error;
}

static int receiving_wait(struct receiving *receiving)
{
	struct modem_receiver *receiver = &receiving->receiver;
	uint8_t data[MODEM_BLOCK_BYTES];
	ssize_t got = exchange_get(receiving->exchange, data, sizeof(data), receiver->deadline_ns);
	uint64_t now_ns = clock_monotonic_ns();

	if (got < 0)
		return (int)got;
	modem_receiver_input(receiver, data, (size_t)got, now_ns);
	modem_receiver_timeout(receiver, now_ns);
	return 0;
}

static int receiving_step(struct receiving *receiving)
{
	switch (modem_receiver_step(&receiving->receiver)) {
	case MODEM_STEP_OUTPUT:
		return receiving_output(receiving);
	case MODEM_STEP_FILE:
		receiving_begin(receiving);
		return 0;
	case MODEM_STEP_DATA:
		receiving_keep(receiving);
		return 0;
	case MODEM_STEP_END:
		receiving_finish(receiving);
		return 0;
	default:
		return receiving_wait(receiving);
	}
}

static void receiving_cancel(struct receiving *receiving, int error)
{
	struct modem_receiver *receiver = &receiving->receiver;

	if (error == -ENODEV)
		return;
	modem_receiver_cancel(receiver, error);
	haul_port_write(receiving->exchange->port, receiver->output, receiver->output_bytes,
		clock_monotonic_ns() + WRITE_GRACE_NS / 10);
}

static int receiving_run(struct receiving *receiving)
{
	struct modem_receiver *receiver = &receiving->receiver;
	struct modem_timing timing = exchange_timing(receiving->exchange);
	int error = 0;

	modem_receiver_init(
		receiver, exchange_protocol(receiving->exchange), &timing, clock_monotonic_ns());
	while (!error && modem_receiver_step(receiver) < MODEM_STEP_DONE)
		error = receiving_step(receiving);
	if (error)
		receiving_cancel(receiving, error);
	return error ? error : receiver->error;
}

int modem_receive(struct exchange *exchange)
{
	struct receiving receiving = {.exchange = exchange};
	const char *target = exchange->task->target;
	char path[PATH_MAX];
	int error;

	snprintf(path, sizeof(path), "%s", target);
	if (exchange->task->protocol != PROTOCOL_YMODEM)
		target = dirname(path);
	error = inbox_open(&receiving.inbox, target, exchange->task->overwrite);
	if (error)
		return exchange_fail(exchange, error, "cannot open directory", target);
	error = receiving_run(&receiving);
	inbox_close(&receiving.inbox);
	/* The file's name lives in the inbox. */
	if (error)
		exchange_fail(exchange, error, "cannot receive", exchange->name);
	exchange->name = NULL;
	return error;
}
