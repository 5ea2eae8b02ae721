/* SPDX-License-Identifier: MIT */
#include "run/run.h"

/* Jobs that wait for a disk and are passed over in one search: what is further behind in the file
 * can wait until one of these ends. */
#define PASS_MAX 1024

static unsigned count_running(const struct run_job *job, size_t count, struct disk_set *taken)
{
	unsigned running = 0;

	for (size_t i = 0; i < count; i++) {
		if (job[i].state != RUN_RUNNING)
			continue;
		running++;
		disk_set_join(taken, &job[i].disks);
	}
	return running;
}

struct run_job *schedule_next(struct run_job *job, size_t count, unsigned at_most)
{
	struct disk_set taken = {0};
	unsigned passed = 0;
	size_t first = 0;

	if (count_running(job, count, &taken) >= at_most)
		return NULL;
	while (first < count && job[first].state == RUN_ENDED)
		first++;
	for (size_t i = first; i < count && job[i].stage == job[first].stage; i++) {
		switch (job[i].state) {
		case RUN_WAITING:
			return &job[i];
		case RUN_SURVEYED:
			/* What it needs might be what the next one needs. */
			if (!job[i].overdue)
				return NULL;
			break;
		case RUN_READY:
			if (!disk_sets_meet(&job[i].disks, &taken))
				return &job[i];
			/* Its disks are next its own, or a stream of others could keep it waiting
			 * for ever. */
			disk_set_join(&taken, &job[i].disks);
			if (++passed == PASS_MAX)
				return NULL;
			break;
		default:
			break;
		}
	}
	return NULL;
}
