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

const struct option_set mv_options = {
	.command = "mv",
	.usage = usage,
	.description =
		"Rename SOURCE to DEST, or move SOURCEs into DIRECTORY; to another file system "
		"by a copy that is durable before anything is removed.",
	.row = job_option_rows,
	.mask = COMMAND_MV,
	.operands = NAMES_FILE,
};

int mv_run(int argc, char **argv, struct past *past)
{
	struct job_settings settings = {
		.request = {.program = argv[0], .past = past},
		.follow = FOLLOW_NONE,
	};
	struct job_options *options = &settings.request.options;
	struct option_set set = mv_options;
	int first, status;

	set.program = argv[0];
	options->operation = JOB_MOVE;
	options->recursive = true;
	options->preserve =
		PRESERVE_MODE | PRESERVE_OWNER | PRESERVE_TIMES | PRESERVE_LINKS | PRESERVE_XATTR;
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

int command_mv(int argc, char **argv)
{
	return mv_run(argc, argv, NULL);
}
