/* SPDX-License-Identifier: MIT */
/*
 * null SOURCE DESTINATION: copies a tree as `haul cp -a` does, with the same coordinator and
 * workers, but reads and writes nothing of the files' content: what is left is what haul itself
 * costs, and the kernel's part in names and metadata. The copies have no content. See
 * bench/README.md.
 */
#include <stdio.h>
#include <string.h>

#include "haul/exit.h"
#include "job/job.h"
#include "job/selection.h"
#include "worker/keeper.h"
#include "worker/worker.h"

/* As `haul cp -a`, without checkpoints. */
static struct job_request request_of(
	char **source, const char *destination, struct selection *everything)
{
	return (struct job_request){
		.options =
			{
				.operation = JOB_COPY,
				.strategy = STRATEGY_NULL,
				.reflink = REFLINK_NEVER,
				.preserve = PRESERVE_MODE | PRESERVE_OWNER | PRESERVE_TIMES |
					    PRESERVE_LINKS | PRESERVE_XATTR,
				.recursive = true,
				.copy_special = true,
				.umask = 022,
			},
		.program = "null",
		.command = "cp",
		.sources = source,
		.source_count = 1,
		.target = destination,
		.selection = everything,
		.progress = JOB_PROGRESS_NEVER,
	};
}

int main(int argc, char **argv)
{
	struct selection everything = {0};
	struct job_request request;

	if (argc >= 2 && strcmp(argv[1], "--role=worker") == 0)
		return worker_main();
	if (argc >= 2 && strcmp(argv[1], "--role=keeper") == 0)
		return keeper_main();
	if (argc != 3) {
		fprintf(stderr, "usage: null SOURCE DESTINATION\n");
		return HAUL_EXIT_FAILED;
	}
	request = request_of(&argv[1], argv[2], &everything);
	return job_run(&request);
}
