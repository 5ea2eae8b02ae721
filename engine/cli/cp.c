/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "cli/command.h"
#include "cli/cp_targets.h"
#include "cli/job_options.h"

static const char *const usage[] = {
	"[OPTION]... [-T] SOURCE DEST",
	"[OPTION]... SOURCE... DIRECTORY",
	"[OPTION]... -t DIRECTORY SOURCE...",
	"[OPTION]... SOURCE... --to DIRECTORY [--to DIRECTORY]...",
	NULL,
};

const struct option_set cp_options = {
	.command = "cp",
	.usage = usage,
	.description = "Copy SOURCE to DEST, or several SOURCEs into DIRECTORY.",
	.row = job_option_rows,
	.mask = COMMAND_CP,
	.operands = NAMES_FILE,
};

enum option_result cp_parse(int argc, char **argv, bool quoted, struct job_settings *settings)
{
	struct option_set set = cp_options;
	enum option_result result;
	int first;

	set.program = argv[0];
	set.quoted = quoted;
	settings->request.program = argv[0];
	settings->request.options.operation = JOB_COPY;
	result = option_parse(&set, argc, argv, settings, &first);
	if (result != OPTION_READY)
		return result;
	job_settings_note_arguments(settings, &set, argc, argv);
	return job_settings_finish(settings, &set, argv + first, argc - first) ? OPTION_WRONG
									       : OPTION_READY;
}

int cp_run(int argc, char **argv, struct past *past)
{
	struct job_settings settings = {.request = {.past = past}};
	enum option_result parsed = cp_parse(argc, argv, false, &settings);
	int status;

	if (parsed != OPTION_READY || !settings.to_count)
		return job_settings_run(&settings, parsed, &cp_options);
	status = cp_targets_run(&settings, argv);
	job_settings_free(&settings);
	return status;
}

int command_cp(int argc, char **argv)
{
	return cp_run(argc, argv, NULL);
}
