/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/job_options.h"
#include "haul/exit.h"

static const char *const usage[] = {"[OPTION]... FILE...", NULL};

const struct option_set rm_options = {
	.command = "rm",
	.usage = usage,
	.description = "Remove FILEs, directories by many workers at once.",
	.row = job_option_rows,
	.mask = COMMAND_RM,
	.operands = NAMES_FILE,
};

/* Entries are looked at one by one only where that can matter to somebody. */
static bool looks_at_entries(const struct job_request *request)
{
	bool may_ask = request->prompt == JOB_PROMPT_PROTECTED && isatty(STDIN_FILENO) && geteuid();

	return may_ask || request->prompt == JOB_PROMPT_ALWAYS || request->options.verbose;
}

int command_rm(int argc, char **argv)
{
	struct job_settings settings = {.request = {.program = argv[0]}};
	struct job_request *request = &settings.request;
	struct option_set set = rm_options;
	int first, status;

	set.program = argv[0];
	request->options.operation = JOB_REMOVE;
	switch (option_parse(&set, argc, argv, &settings, &first)) {
	case OPTION_SHOWN:
		return HAUL_EXIT_OK;
	case OPTION_WRONG:
		return HAUL_EXIT_FAILED;
	case OPTION_READY:
		break;
	}
	if (first == argc && request->options.force)
		return HAUL_EXIT_OK;
	if (first == argc) {
		option_wrong(&set, "missing operand");
		return HAUL_EXIT_FAILED;
	}
	if (job_settings_check_publishing(&settings, &set))
		return HAUL_EXIT_FAILED;
	request->sources = argv + first;
	request->source_count = (unsigned)(argc - first);
	request->options.by_entry = looks_at_entries(request);
	settings.selection.list.recursive = request->options.recursive;
	status = job_settings_select(&settings, &set) ? HAUL_EXIT_FAILED : job_run(request);
	job_settings_free(&settings);
	return status;
}
