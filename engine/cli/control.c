/* SPDX-License-Identifier: MIT */
/* haul pause and haul cancel: orders to running jobs. */
#include "progress/control.h"
#include "cli/command.h"
#include "haul/exit.h"

static const struct option_row rows[] = {
	{.name = "help", .kind = OPTION_HELP, .group = "Options", .help = "show this help"},
	{.name = "version", .kind = OPTION_VERSION, .help = "show the version"},
	{.name = NULL},
};

static const char *const usage[] = {"JOB...", NULL};

const struct option_set pause_options = {
	.command = "pause",
	.usage = usage,
	.description =
		"Let jobs stand still, with everything that they hold, until they are resumed.",
	.row = rows,
};

const struct option_set cancel_options = {
	.command = "cancel",
	.usage = usage,
	.description = "Stop jobs. Files that are not complete do not appear at the destination.",
	.row = rows,
};

static int order(const struct option_set *set, enum control_command command, int argc, char **argv)
{
	int status = HAUL_EXIT_OK, unused = 0, first;

	switch (option_parse(set, argc, argv, &unused, &first)) {
	case OPTION_SHOWN:
		return HAUL_EXIT_OK;
	case OPTION_WRONG:
		return HAUL_EXIT_FAILED;
	case OPTION_READY:
		break;
	}
	if (first == argc) {
		option_wrong(set, "missing job");
		return HAUL_EXIT_FAILED;
	}
	for (; first < argc; first++) {
		int error = control_ask(argv[first], command, CONTROL_ANSWER_MS);

		if (error)
			option_error(set, "cannot %s '%s': %s", set->command, argv[first],
				control_words(command, error));
		if (error)
			status = HAUL_EXIT_FAILED;
	}
	return status;
}

int command_pause(int argc, char **argv)
{
	return order(&pause_options, CONTROL_PAUSE, argc, argv);
}

int command_cancel(int argc, char **argv)
{
	return order(&cancel_options, CONTROL_CANCEL, argc, argv);
}
