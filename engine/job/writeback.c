/* SPDX-License-Identifier: MIT */
#include "job/writeback.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/sysmacros.h>

#include "bpf/block.h"
#include "job/coordinator.h"
#include "util/clock.h"

/* Watchers are told no more often of what hardly moves. */
#define LOOK_APART_NS UINT64_C(100000000)
#define SECTOR_BYTES  512
#define KIB           1024

/* Of all filesystems. Without an answer, as much as can be. */
static uint64_t read_system_unwritten(void)
{
	static const char *const row[] = {"Dirty: %" SCNu64, "Writeback: %" SCNu64,
		"WritebackTmp: %" SCNu64, "NFS_Unstable: %" SCNu64};
	FILE *file = fopen("/proc/meminfo", "re");
	uint64_t sum = 0;
	char line[128];

	if (!file)
		return UINT64_MAX;
	while (fgets(line, sizeof(line), file)) {
		uint64_t amount;

		for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
			if (sscanf(line, row[i], &amount) == 1)
				sum += amount * KIB;
	}
	fclose(file);
	return sum;
}

/* A filesystem without a device of its own number says nothing. */
static uint64_t read_written(const struct checkpoint *checkpoint)
{
	uint64_t sectors = 0;

	for (unsigned i = 0; i < checkpoint->target_count; i++) {
		dev_t device = checkpoint->target[i].device;
		struct block_activity activity;

		if (!block_activity_read("/sys", major(device), minor(device), &activity))
			sectors += activity.sectors_written;
	}
	return sectors * SECTOR_BYTES;
}

static uint64_t lesser(uint64_t one, uint64_t other)
{
	return one < other ? one : other;
}

/* Each figure is only an upper bound: others write to other devices, or to these. */
static uint64_t estimate(const struct job *job)
{
	const struct writeback *writeback = &job->writeback;
	uint64_t written = read_written(&job->checkpoint) - writeback->first_written;
	uint64_t left = writeback->first_bytes - lesser(writeback->first_bytes, written);

	return lesser(left, lesser(checkpoint_unsynced_bytes(job), read_system_unwritten()));
}

static void begin(struct job *job)
{
	job->writeback = (struct writeback){
		.awaited = true,
		.first_bytes = lesser(checkpoint_unsynced_bytes(job), read_system_unwritten()),
		.first_written = read_written(&job->checkpoint),
	};
}

void writeback_advance(struct job *job, bool idle)
{
	struct writeback *writeback = &job->writeback;
	uint64_t now_ns = clock_monotonic_ns(), left;

	if (!idle || !job->checkpoint.under_way || job->checkpoint.recorded) {
		if (writeback->awaited)
			region_set_unwritten(&job->region, 0);
		*writeback = (struct writeback){0};
		return;
	}
	if (!writeback->awaited)
		begin(job);
	if (now_ns < writeback->due_ns)
		return;
	left = estimate(job);
	region_set_unwritten(&job->region, left ? left : 1);
	writeback->due_ns = now_ns + LOOK_APART_NS;
}
