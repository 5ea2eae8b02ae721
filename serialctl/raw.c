/* SPDX-License-Identifier: MIT */
/* Bytes as they are: sent with pacing for devices that can't keep up, received until silence. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serialctl/exchange.h"
#include "serialctl/inbox.h"
#include "util/clock.h"

#define SECOND_NS      UINT64_C(1000000000)
#define WRITE_GRACE_NS (10 * SECOND_NS)
#define PIECE_BYTES    4096u

/* How much may be sent before the next pause: a line, or a fiftieth of a second's worth. */
static size_t raw_piece(const struct serial_task *task, const uint8_t *data, size_t bytes)
{
	const uint8_t *end = task->line_delay_ms ? memchr(data, '\n', bytes) : NULL;
	size_t piece = end ? (size_t)(end - data) + 1 : bytes;

	if (task->pace_bytes && piece > task->pace_bytes / 50 + 1)
		piece = (size_t)(task->pace_bytes / 50) + 1;
	return piece;
}

static int raw_send_piece(
	struct exchange *exchange, const uint8_t *data, size_t bytes, uint64_t *next_ns)
{
	const struct serial_task *task = exchange->task;
	uint64_t now_ns = clock_monotonic_ns();
	int error = exchange_put(exchange, data, bytes, WRITE_GRACE_NS);

	if (error)
		return error;
	lane_add(exchange->lane, HAUL_BYTES_ACCEPTED, bytes);
	/* After a pause nothing is made up for. */
	if (*next_ns < now_ns)
		*next_ns = now_ns;
	if (task->pace_bytes)
		*next_ns += bytes * SECOND_NS / task->pace_bytes;
	if (task->line_delay_ms && data[bytes - 1] == '\n')
		*next_ns = clock_monotonic_ns() + task->line_delay_ms * (SECOND_NS / 1000);
	return *next_ns > now_ns ? exchange_pause(exchange, *next_ns) : 0;
}

static int raw_send_file(struct exchange *exchange, int fd, uint64_t size_bytes)
{
	uint64_t done = 0, next_ns = clock_monotonic_ns();
	uint8_t data[PIECE_BYTES];
	ssize_t got;

	while ((got = read(fd, data, sizeof(data))) > 0) {
		const uint8_t *next = data;
		size_t left = (size_t)got;

		lane_add(exchange->lane, HAUL_BYTES_READ, left);
		while (left) {
			size_t piece = raw_piece(exchange->task, next, left);
			int error = raw_send_piece(exchange, next, piece, &next_ns);

			if (error)
				return error;
			next += piece;
			left -= piece;
			done += piece;
			exchange_progress(exchange, done, size_bytes);
		}
	}
	if (got < 0)
		return exchange_fail(exchange, -errno, "cannot read", exchange->name);
	exchange_file_done(exchange, done);
	return 0;
}

/* As far as it is known before the end is read. */
static uint64_t size_of(int fd)
{
	struct stat status;

	if (fstat(fd, &status) || !S_ISREG(status.st_mode))
		return MODEM_SIZE_UNKNOWN;
	return (uint64_t)status.st_size;
}

int raw_send(struct exchange *exchange)
{
	int error = 0;

	for (unsigned i = 0; i < exchange->task->file_count && !error; i++) {
		const char *path = exchange->task->files[i];
		int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

		if (fd < 0)
			return exchange_fail(exchange, -errno, "cannot open", path);
		exchange_file_begins(exchange, path, 0);
		error = raw_send_file(exchange, fd, size_of(fd));
		close(fd);
	}
	return error;
}

static int raw_receive_file(struct exchange *exchange, struct inbox *inbox)
{
	const struct serial_task *task = exchange->task;
	uint64_t idle_ns = task->idle_ms * (SECOND_NS / 1000);
	uint64_t start_ns = task->start_s ? task->start_s * SECOND_NS : 60 * SECOND_NS;
	uint64_t deadline_ns = clock_monotonic_ns() + start_ns;

	while (!task->limit_bytes || inbox->bytes < task->limit_bytes) {
		uint64_t left = task->limit_bytes ? task->limit_bytes - inbox->bytes : PIECE_BYTES;
		uint8_t data[PIECE_BYTES];
		size_t want = left < sizeof(data) ? (size_t)left : sizeof(data);
		ssize_t got = exchange_get(exchange, data, want, deadline_ns);
		int error;

		if (got < 0)
			return (int)got;
		if (got == 0)
			return inbox->bytes && !task->limit_bytes ? 0 : -ETIMEDOUT;
		lane_add(exchange->lane, HAUL_BYTES_READ, (uint64_t)got);
		error = inbox_write(inbox, data, (size_t)got);
		if (error)
			return exchange_fail(exchange, error, "cannot write", exchange->name);
		lane_add(exchange->lane, HAUL_BYTES_ACCEPTED, (uint64_t)got);
		exchange_progress(exchange, inbox->bytes,
			task->limit_bytes ? task->limit_bytes : MODEM_SIZE_UNKNOWN);
		deadline_ns = clock_monotonic_ns() + idle_ns;
	}
	return 0;
}

static int raw_receive_into(struct exchange *exchange, struct inbox *inbox, const char *name)
{
	struct modem_file file = {.size_bytes = MODEM_SIZE_UNKNOWN};
	int error;

	snprintf(file.name, sizeof(file.name), "%s", name);
	error = inbox_begin(inbox, &file);
	if (error)
		return exchange_fail(exchange, error, "cannot create", exchange->task->target);
	lane_add(exchange->lane, HAUL_FILES_PLANNED, 1);
	exchange_file_begins(exchange, exchange->task->target, exchange->task->limit_bytes);
	error = raw_receive_file(exchange, inbox);
	if (error)
		return error;
	error = inbox_finish(inbox);
	if (error)
		return exchange_fail(exchange, error, "cannot finish", exchange->name);
	lane_add(exchange->lane, HAUL_BYTES_DURABLE, inbox->bytes);
	exchange_file_done(exchange, inbox->bytes);
	return 0;
}

int raw_receive(struct exchange *exchange)
{
	char directory[PATH_MAX], name[PATH_MAX];
	struct inbox inbox;
	int error;

	snprintf(directory, sizeof(directory), "%s", exchange->task->target);
	snprintf(name, sizeof(name), "%s", exchange->task->target);
	error = inbox_open(&inbox, dirname(directory), exchange->task->overwrite);
	if (error)
		return exchange_fail(
			exchange, error, "cannot open directory of", exchange->task->target);
	error = raw_receive_into(exchange, &inbox, basename(name));
	inbox_close(&inbox);
	return error;
}
