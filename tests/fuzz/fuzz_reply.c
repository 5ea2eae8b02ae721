/* SPDX-License-Identifier: MIT */
/*
 * What a worker says to the coordinator: datagrams of any bytes, from a worker that has one item of
 * each kind. So that they are not all refused, the item that an answer is to is chosen from those.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "job/coordinator.h"

#define ITEMS 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

struct bench {
	struct job_request request;
	struct selection selection;
	struct job job;
	uint64_t id[ITEMS];
	int far_end;
};

static struct region region; /* made once: all jobs count in it */

static const struct wire_text name = {"name", 4}, none = {"", 0};

static void need(bool good)
{
	if (!good)
		abort();
}

static void make_region(void)
{
	const struct region_spec spec = {.operation = "fuzz", .lane_count = 2};

	if (region.header)
		return;
	need(!region_create(&spec, &region));
	/* Nobody needs to find it, and a crash must not leave it behind. */
	need(!region.named || !unlink(region.path));
	region.named = false;
}

static void hand_out(struct bench *bench, unsigned index, struct item *item)
{
	struct worker *worker = bench->job.crew.worker;

	need(item && !ledger_enter(&bench->job.ledger, item, 0, &bench->id[index]));
	queue_push_back(&worker->items, item);
	worker->lists += item->type == WIRE_LIST;
	worker->ranges += item_is_large(item);
}

static struct item *take_queued(struct job *job)
{
	struct item *item = job->work.first;

	need(item);
	queue_remove(&job->work, item);
	return item;
}

static void make_items(struct bench *bench, struct root *root)
{
	struct wire_entry file = {.bytes = 10, .mode = S_IFREG | 0644, .links = 1, .inode = 1};
	struct wire_entry large = {
		.bytes = 1u << 30, .mode = S_IFREG | 0644, .links = 1, .inode = 2};
	struct item *batch = NULL;
	struct job *job = &bench->job;

	hand_out(bench, 0, item_new(WIRE_LIST, root->top));
	need(!reply_add_entry(job, root->top, &file, name, none, &batch));
	hand_out(bench, 1, take_queued(job));
	need(!reply_add_entry(job, root->top, &large, name, none, &batch));
	hand_out(bench, 2, take_queued(job));
	hand_out(bench, 3, item_new(WIRE_FINISH, root->top));
}

static void open_bench(struct bench *bench)
{
	static const int cpu[1] = {0};
	struct job *job = &bench->job;
	struct root *root;
	int pair[2];

	memset(bench, 0, sizeof(*bench));
	make_region();
	bench->request.program = "haul cp";
	bench->request.target = "/";
	bench->request.selection = &bench->selection;
	job->request = &bench->request;
	job->region = region;
	job->journal.fd = JOURNAL_NO_FD;
	job->roots.worker_count = 1;
	need(!lane_open(&region, 0, HAUL_ROLE_COORDINATOR, &job->lane));
	need(!crew_open(&job->crew, 1, cpu));
	need(!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair));
	job->crew.worker[0].channel = pair[0];
	bench->far_end = pair[1];
	need(!root_add(&job->roots, open("/proc/self/fdinfo", O_PATH | O_CLOEXEC),
		open("/proc/self/fdinfo", O_PATH | O_CLOEXEC), "source", "target", false, &root));
	make_items(bench, root);
}

/* As job.c does it. */
static void close_bench(struct bench *bench)
{
	struct job *job = &bench->job;

	checkpoint_end(job);
	(void)crew_close(&job->crew, 0);
	job_drop_work(job);
	absence_end(job);
	close(bench->far_end);
}

static bool is_answer(uint32_t type)
{
	return type == WIRE_LISTED || type == WIRE_PREPARED || type == WIRE_FAILURE ||
	       type == WIRE_DONE || type == WIRE_OUTCOME;
}

static void choose_items(const struct bench *bench, uint8_t *data, size_t bytes)
{
	size_t offset = 0;

	while (bytes - offset >= sizeof(struct wire_record) + sizeof(uint64_t)) {
		struct wire_record *record = (void *)(data + offset);
		uint64_t *id = (uint64_t *)(record + 1);

		if (is_answer(record->type) && *id < 0x100)
			*id = bench->id[*id % ITEMS];
		if (record->bytes < sizeof(*record) || record->bytes % 8 ||
			record->bytes > bytes - offset)
			return;
		offset += record->bytes;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct bench bench;
	uint8_t *copy;

	if (!bytes || bytes > WIRE_DATAGRAM_BYTES)
		return 0;
	copy = malloc(bytes);
	if (!copy)
		return 0;
	memcpy(copy, data, bytes);
	open_bench(&bench);
	choose_items(&bench, copy, bytes);
	if (send(bench.far_end, copy, bytes, MSG_DONTWAIT) == (ssize_t)bytes)
		(void)reply_receive(&bench.job, bench.job.crew.worker);
	close_bench(&bench);
	free(copy);
	return 0;
}
