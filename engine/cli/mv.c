/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "cli/command.h"
#include "cli/job_options.h"

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

enum option_result mv_parse(int argc, char **argv, bool quoted, struct job_settings *settings)
{
	struct job_options *options = &settings->request.options;
	struct option_set set = mv_options;
	enum option_result result;
	int first;

	set.program = argv[0];
	set.quoted = quoted;
	settings->request.program = argv[0];
	settings->follow = FOLLOW_NONE;
	options->operation = JOB_MOVE;
	options->recursive = true;
	options->preserve = PRESERVE_MODE | PRESERVE_OWNER | PRESERVE_TIMES | PRESERVE_LINKS |
			    PRESERVE_XATTR | PRESERVE_FLAGS;
	result = option_parse(&set, argc, argv, settings, &first);
	if (result != OPTION_READY)
		return result;
	job_settings_note_arguments(settings, &set, argc, argv);
	return job_settings_finish(settings, &set, argv + first, argc - first) ? OPTION_WRONG
									       : OPTION_READY;
}

int mv_run(int argc, char **argv, struct past *past)
{
	struct job_settings settings = {.request = {.past = past}};

	return job_settings_run(&settings, mv_parse(argc, argv, false, &settings), &mv_options);
}

int command_mv(int argc, char **argv)
{
	return mv_run(argc, argv, NULL);
}
