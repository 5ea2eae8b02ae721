/* SPDX-License-Identifier: MIT */
/* Sending files by XMODEM or YMODEM: the state machine, joined to files and a port. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serialctl/exchange.h"
#include "serialctl/modem_sender.h"
#include "util/clock.h"

#define WRITE_GRACE_NS UINT64_C(10000000000) /* for flow control, beyond the line's own time */

struct sending {
	struct exchange *exchange;
	struct modem_sender sender;
	unsigned next_file;
	int fd;                 /* of the file under way, or -1 */
	uint64_t counted_bytes; /* of it, already in the lane's counters */
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The file is done when the peer has acknowledged its end, which shows in what it asks next. */
static void sending_end_file(struct sending *sending)
{
	if (sending->fd < 0)
		return;
	close(sending->fd);
	sending->fd = -1;
	exchange_file_done(sending->exchange, sending->sender.done_bytes);
}

static int sending_open(struct sending *sending, const char *path, struct modem_file *ret_file)
{
	struct modem_file file = {0};
	struct stat node;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &node) < 0 || !S_ISREG(node.st_mode)) {
		close(fd);
		return -EINVAL;
	}
	snprintf(file.name, sizeof(file.name), "%s", base_name(path));
	file.size_bytes = (uint64_t)node.st_size;
	file.modified_s = node.st_mtime;
	file.mode = node.st_mode & (S_IFMT | 0777); /* lrzsz looks for the type */
	sending->fd = fd;
	*ret_file = file;
	return 0;
}

static int sending_next_file(struct sending *sending)
{
	const struct serial_task *task = sending->exchange->task;
	struct modem_file file = {0};
	const char *path;
	int error;

	sending_end_file(sending);
	if (sending->next_file == task->file_count) {
		modem_sender_finish(&sending->sender);
		return 0;
	}
	path = task->files[sending->next_file++];
	error = sending_open(sending, path, &file);
	if (!error)
		error = modem_sender_file(&sending->sender, &file);
	if (error) {
		exchange_fail(sending->exchange, error, "cannot send", path);
		modem_sender_cancel(&sending->sender, error);
		return 0;
	}
	sending->counted_bytes = 0;
	exchange_file_begins(sending->exchange, path, file.size_bytes);
	return 0;
}

static int sending_data(struct sending *sending)
{
	struct modem_sender *sender = &sending->sender;
	uint8_t data[MODEM_LONG_BYTES];
	ssize_t got = pread(sending->fd, data, sender->want_bytes, (off_t)sender->done_bytes);

	if (got == (ssize_t)sender->want_bytes) {
		modem_sender_data(sender, data);
		lane_add(sending->exchange->lane, HAUL_BYTES_READ, (uint64_t)got);
		return 0;
	}
	/* Shorter than it was: the peer was promised more. */
	exchange_fail(sending->exchange, got < 0 ? -errno : -ESTALE, "cannot read",
		sending->exchange->name);
	modem_sender_cancel(sender, got < 0 ? -errno : -ESTALE);
	return 0;
}

static int sending_output(struct sending *sending)
{
	struct modem_sender *sender = &sending->sender;
	int error = exchange_put(
		sending->exchange, sender->output, sender->output_bytes, WRITE_GRACE_NS);

	modem_sender_sent(sender,
		clock_monotonic_ns() + exchange_line_ns(sending->exchange, sender->output_bytes));
	return error;
}

static int sending_wait(struct sending *sending)
{
	struct modem_sender *sender = &sending->sender;
	uint8_t data[256];
	ssize_t got = exchange_get(sending->exchange, data, sizeof(data), sender->deadline_ns);
	uint64_t now_ns = clock_monotonic_ns(), fresh;

	if (got < 0)
		return (int)got;
	modem_sender_input(sender, data, (size_t)got, now_ns);
	modem_sender_timeout(sender, now_ns);
	fresh = sender->done_bytes - sending->counted_bytes;
	if (sending->fd >= 0 && fresh) {
		sending->counted_bytes = sender->done_bytes;
		lane_add(sending->exchange->lane, HAUL_BYTES_ACCEPTED, fresh);
		exchange_progress(sending->exchange, sender->done_bytes,
			sender->done_bytes + sender->left_bytes);
	}
	return 0;
}

static int sending_step(struct sending *sending)
{
	switch (modem_sender_step(&sending->sender)) {
	case MODEM_STEP_OUTPUT:
		return sending_output(sending);
	case MODEM_STEP_FILE:
		return sending_next_file(sending);
	case MODEM_STEP_DATA:
		return sending_data(sending);
	default:
		return sending_wait(sending);
	}
}

/* The peer is told to give up, unless it is the port that failed. */
static void sending_cancel(struct sending *sending, int error)
{
	struct modem_sender *sender = &sending->sender;

	if (error == -ENODEV)
		return;
	modem_sender_cancel(sender, error);
	haul_port_write(sending->exchange->port, sender->output, sender->output_bytes,
		clock_monotonic_ns() + WRITE_GRACE_NS / 10);
}

int modem_send(struct exchange *exchange)
{
	struct modem_timing timing = exchange_timing(exchange);
	struct sending sending = {.exchange = exchange, .fd = -1};
	int error = 0;

	/* What the receiver said before we were ready is no invitation to this transfer. */
	haul_port_discard_input(exchange->port);
	modem_sender_init(
		&sending.sender, exchange_protocol(exchange), &timing, clock_monotonic_ns());
	while (!error && modem_sender_step(&sending.sender) < MODEM_STEP_DONE)
		error = sending_step(&sending);
	if (error)
		sending_cancel(&sending, error);
	else
		error = sending.sender.error;
	if (!error)
		sending_end_file(&sending);
	else if (sending.fd >= 0)
		close(sending.fd);
	return error;
}
