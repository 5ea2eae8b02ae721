/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "cli/command.h"
#include "cli/job_options.h"
#include "haul/exit.h"

static const char *const usage[] = {
	"[OPTION]... [-T] SOURCE DEST",
	"[OPTION]... SOURCE... DIRECTORY",
	"[OPTION]... -t DIRECTORY SOURCE...",
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

int cp_run(int argc, char **argv, struct past *past)
{
	struct job_settings settings = {.request = {.program = argv[0], .past = past}};
	struct option_set set = cp_options;
	int first, status;

	set.program = argv[0];
	settings.request.options.operation = JOB_COPY;
	switch (option_parse(&set, argc, argv, &settings, &first)) {
	case OPTION_SHOWN:
		return HAUL_EXIT_OK;
	case OPTION_WRONG:
		return HAUL_EXIT_FAILED;
	case OPTION_READY:
		break;
	}
	job_settings_note_arguments(&settings, &set, argc, argv);
	status = job_settings_finish(&settings, &set, argv + first, argc - first)
			 ? HAUL_EXIT_FAILED
			 : job_run(&settings.request);
	job_settings_free(&settings);
	return status;
}

int command_cp(int argc, char **argv)
{
	return cp_run(argc, argv, NULL);
}
