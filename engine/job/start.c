/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "job/coordinator.h"
#include "util/clock.h"
#include "util/cpu.h"

/* Each worker holds descriptors for directories and for every file in flight. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	/* If refused, the old limit stands and is lived with. */
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

int start_crew(struct job *job)
{
	int cpu[HAUL_LANES_MAX];
	int allowed = cpu_allowed(cpu, HAUL_LANES_MAX - 1);
	unsigned count = job->request->worker_count;

	if (allowed < 0)
		return allowed;
	raise_descriptor_limit();
	if (!count || count >= HAUL_LANES_MAX)
		count = (unsigned)allowed;
	/* More workers than CPUs share them in turn. */
	for (unsigned i = (unsigned)allowed; i < count; i++)
		cpu[i] = cpu[i % (unsigned)allowed];
	job->roots.worker_count = count;
	job->options.workers = count;
	return crew_open(&job->crew, count, cpu);
}

static const char *operation_name(const struct job_options *options)
{
	switch ((enum job_operation)options->operation) {
	case JOB_MOVE:
		return "mv";
	case JOB_REMOVE:
		return "rm";
	case JOB_VERIFY:
		return "verify";
	default:
		return "cp";
	}
}

int start_region(struct job *job)
{
	const struct job_request *request = job->request;
	unsigned count = request->source_count + (request->target ? 1 : 0);
	const char **argument = calloc(count, sizeof(*argument));
	struct region_spec spec = {
		.job = request->name,
		.operation = operation_name(&request->options),
		.arguments = argument,
		.argument_count = count,
		.lane_count = job->crew.count + 1,
	};
	int error;

	if (!argument)
		return -ENOMEM;
	for (unsigned i = 0; i < request->source_count; i++)
		argument[i] = request->sources[i];
	if (request->target)
		argument[request->source_count] = request->target;
	error = region_create(&spec, &job->region);
	free(argument);
	if (!error)
		error = lane_open(&job->region, 0, HAUL_ROLE_COORDINATOR, &job->lane);
	if (!error)
		job->region.header->pace_ns = clock_monotonic_ns();
	return error;
}
