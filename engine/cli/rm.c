/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/job_options.h"

static const char *const usage[] = {"[OPTION]... FILE...", NULL};

const struct option_set rm_options = {
	.command = "rm",
	.usage = usage,
	.description = "Remove FILEs, directories by many workers at once.",
	.row = job_option_rows,
	.mask = COMMAND_RM,
	.operands = NAMES_FILE,
};

/* Nothing is protected from root. */
static bool asks_protected(const struct job_settings *settings)
{
	const struct job_request *request = &settings->request;
	bool somebody = settings->presume_terminal || (isatty(STDIN_FILENO) && geteuid());

	return somebody && request->prompt != JOB_PROMPT_NEVER && !request->options.force;
}

/* Entries are looked at one by one only where that can matter to somebody. */
static bool looks_at_entries(const struct job_request *request)
{
	return request->options.verbose || request->ask_protected ||
	       request->prompt == JOB_PROMPT_ALWAYS;
}

enum option_result rm_parse(int argc, char **argv, bool quoted, struct job_settings *settings)
{
	struct job_request *request = &settings->request;
	struct option_set set = rm_options;
	enum option_result result;
	int first;

	set.program = argv[0];
	set.quoted = quoted;
	request->program = argv[0];
	request->options.operation = JOB_REMOVE;
	result = option_parse(&set, argc, argv, settings, &first);
	if (result != OPTION_READY)
		return result;
	if (first == argc && !request->options.force) {
		option_wrong(&set, "missing operand");
		return OPTION_WRONG;
	}
	if (job_settings_check_publishing(settings, &set))
		return OPTION_WRONG;
	request->sources = argv + first;
	request->source_count = (unsigned)(argc - first);
	request->ask_protected = asks_protected(settings);
	request->options.by_entry = looks_at_entries(request);
	settings->selection.list.recursive = request->options.recursive;
	return OPTION_READY;
}

int command_rm(int argc, char **argv)
{
	struct job_settings settings = {0};
	enum option_result parsed = rm_parse(argc, argv, false, &settings);

	/* With -f, nothing to remove is no failure. */
	if (parsed == OPTION_READY && !settings.request.source_count)
		parsed = OPTION_SHOWN;
	return job_settings_run(&settings, parsed, &rm_options);
}
