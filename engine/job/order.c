/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "job/coordinator.h"
#include "job/sentry.h"
#include "util/clock.h"

/* Long enough to finish small files, short enough for somebody who pressed Ctrl-C. */
#define STOP_GRACE_NS (700 * UINT64_C(1000000))

static void tell_worker(struct worker *worker, enum wire_type type)
{
	if (!worker_running(worker))
		return;
	/* A worker that is gone is noticed by its process descriptor. */
	if (wire_put(&worker->out, type, NULL, 0, NULL, 0) == -ENOSPC && !worker_flush(worker))
		(void)wire_put(&worker->out, type, NULL, 0, NULL, 0);
	if (!worker->blocked)
		(void)worker_flush(worker);
}

static void tell_all(struct job *job, enum wire_type type)
{
	for (unsigned i = 0; i < job->crew.count; i++)
		tell_worker(&job->crew.worker[i], type);
}

void order_stop(struct job *job)
{
	if (job->stopping) {
		job->stop_deadline_ns = clock_monotonic_ns();
		return;
	}
	job->stopping = true;
	job->stop_deadline_ns = clock_monotonic_ns() + STOP_GRACE_NS;
	tell_all(job, WIRE_STOP);
}

static void order_pause(struct job *job)
{
	if (job->paused || job->stopping)
		return;
	job->paused = true;
	tell_all(job, WIRE_PAUSE);
	region_set_state(&job->region, HAUL_STATE_PAUSED, 0);
}

static void order_resume(struct job *job)
{
	if (job->absence.waiting && !job->paused && !job->stopping)
		absence_resume(job);
	if (!job->paused || job->stopping)
		return;
	job->paused = false;
	job->resumed_ns = clock_monotonic_ns();
	tell_all(job, WIRE_RESUME);
	if (!job->absence.waiting)
		region_set_state(&job->region, HAUL_STATE_RUNNING, 0);
}

static void obey(struct job *job, enum sentry_order order)
{
	switch (order) {
	case SENTRY_PAUSE:
		order_pause(job);
		break;
	case SENTRY_RESUME:
		order_resume(job);
		break;
	case SENTRY_STOP:
		order_stop(job);
		break;
	}
}

void order_receive(struct job *job)
{
	enum sentry_order order;

	while (sentry_next_order(job->orders, &order) > 0) {
		obey(job, order);
		sentry_obeyed(job->orders);
	}
}

void order_greet(struct job *job, struct worker *worker)
{
	if (job->paused)
		tell_worker(worker, WIRE_PAUSE);
}
