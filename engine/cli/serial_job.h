/* SPDX-License-Identifier: MIT */
/*
 * The coordinator of a serial job: one process for each port, the progress region that they write,
 * the publisher that shows it, and the orders of haul pause, resume and cancel.
 */
#ifndef ENGINE_CLI_SERIAL_JOB_H
#define ENGINE_CLI_SERIAL_JOB_H

#include "cli/serial_options.h"

struct serial_job_request {
	const struct option_set *set; /* for messages */
	const char *name;             /* of the job; NULL: one is made */
	char *const *line; /* the verb and its arguments, which each process parses again */
	int line_count;
	char *const *arguments; /* what the region tells as sources and destination */
	unsigned argument_count;
	unsigned port_count; /* processes to start */
	uint64_t files_planned;
	uint64_t bytes_planned;
	bool planned; /* these two are final */
	bool endless; /* to be stopped is its normal end */
	bool json;
	unsigned progress; /* enum job_progress */
};

/* Runs the job to its end and returns the exit status. */
int serial_job_run(const struct serial_job_request *request);

#endif
