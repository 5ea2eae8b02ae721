/* SPDX-License-Identifier: MIT */
/*
 * A file transfer over an open port, and what its parts share: output that can be stopped, input
 * with deadlines, progress, and words for failures.
 */
#ifndef SERIALCTL_EXCHANGE_H
#define SERIALCTL_EXCHANGE_H

#include <stddef.h>

#include "progress/region.h"
#include "serialctl/modem.h"
#include "serialctl/task.h"

struct exchange {
	struct haul_port *port;
	const struct serial_task *task;
	struct lane *lane;
	int channel; /* to the coordinator (serialctl/channel.h) */
	bool paused;
	bool said;         /* what failed was told already */
	const char *name;  /* of the file under way */
	uint64_t told_ns;  /* when progress was recorded last */
	uint64_t begun_ns; /* when the file began */
};

/* Runs the task's transfer and tells the coordinator what fails. 0 or -errno: -ECANCELED when the
 * coordinator or the peer cancelled, -ENODEV when the port was lost, -ETIMEDOUT, -EPROTO. */
int exchange_run(struct exchange *exchange);

/* ---- for the files that implement it ---- */

int modem_send(struct exchange *exchange);
int modem_receive(struct exchange *exchange);
int raw_send(struct exchange *exchange);
int raw_receive(struct exchange *exchange);

/* Writes everything once the transfer isn't paused. -ETIMEDOUT when that takes `grace_ns` longer
 * than the line's speed explains, -ENODEV, or -ECANCELED when the coordinator stops us. */
int exchange_put(struct exchange *exchange, const void *data, size_t bytes, uint64_t grace_ns);
/* Reads what comes. 0 bytes at the deadline; errors as above. */
ssize_t exchange_get(struct exchange *exchange, void *ret_data, size_t bytes, uint64_t deadline_ns);
/* Waits; returns 0 at the deadline, or an error as above. */
int exchange_pause(struct exchange *exchange, uint64_t deadline_ns);

/* How long the line takes for so many bytes: what was written leaves only then. */
uint64_t exchange_line_ns(const struct exchange *exchange, size_t bytes);

/* Tells the coordinator what failed, once. Returns the error. */
int exchange_fail(struct exchange *exchange, int error, const char *what, const char *name);

/* Records for readers of the region. */
void exchange_file_begins(struct exchange *exchange, const char *name, uint64_t bytes);
void exchange_progress(struct exchange *exchange, uint64_t done_bytes, uint64_t bytes);
void exchange_file_done(struct exchange *exchange, uint64_t bytes);

enum modem_protocol exchange_protocol(const struct exchange *exchange);
struct modem_timing exchange_timing(const struct exchange *exchange);

#endif
