/* SPDX-License-Identifier: MIT */
/*
 * What a coordinator says to a worker: datagrams of any bytes. They are taken apart to the last
 * name, but not carried out.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "worker/executor.h"
#include "worker/inbox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

struct bench {
	struct executor executor;
	int far_end;
};

static void open_bench(struct bench *bench)
{
	int pair[2];

	*bench = (struct bench){0};
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		abort();
	bench->far_end = pair[0];
	bench->executor.channel = pair[1];
	bench->executor.incoming.capacity = WIRE_DATAGRAM_BYTES;
	bench->executor.incoming.data = malloc(WIRE_DATAGRAM_BYTES);
	if (!bench->executor.incoming.data || report_open(&bench->executor.report, pair[1]))
		abort();
}

static void look_at(struct work *work)
{
	const struct wire_entry *entry;
	struct wire_text name, target;

	while (!wire_take_entry(&work->rest, &entry, &name, &target))
		if (name.data[name.bytes] || target.data[target.bytes])
			abort();
}

static void close_bench(struct bench *bench)
{
	struct executor *executor = &bench->executor;
	struct work *work;

	while ((work = work_queue_pop(&executor->inbox))) {
		look_at(work);
		executor_end_work(executor, work);
	}
	report_close(&executor->report);
	tree_close(&executor->tree);
	free(executor->incoming.data);
	close(executor->channel);
	close(bench->far_end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct wire_setup setup;
	struct bench bench;
	size_t offset;

	if (!bytes || bytes > WIRE_DATAGRAM_BYTES)
		return 0;
	open_bench(&bench);
	if (send(bench.far_end, data, bytes, MSG_DONTWAIT) == (ssize_t)bytes) {
		if (!inbox_receive_setup(&bench.executor, &setup, &offset))
			(void)inbox_take_rest(&bench.executor, offset);
		else
			(void)inbox_take_rest(&bench.executor, 0);
	}
	close_bench(&bench);
	return 0;
}
