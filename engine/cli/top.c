/* SPDX-License-Identifier: MIT */
/* haul top: a screen that shows all jobs, ports and devices. */
#include "top/top.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "cli/command.h"
#include "haul/exit.h"

#define DELAY_DEFAULT_MS 250
#define DELAY_MIN_S      0.05
#define DELAY_MAX_S      3600.0

static int set_delay(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument)
{
	struct top_request *request = settings;
	char *end;
	double seconds = strtod(argument, &end);

	if (end == argument || *end || !(seconds >= DELAY_MIN_S && seconds <= DELAY_MAX_S)) {
		option_wrong(set, "invalid argument '%s' for '--%s'", argument, row->name);
		return -EINVAL;
	}
	request->delay_ms = (unsigned)(seconds * 1000);
	return 0;
}

static const struct option_row rows[] = {
	{.letters = "d",
		.name = "delay",
		.kind = OPTION_CUSTOM,
		.group = "Options",
		.metavar = "SECONDS",
		.apply = set_delay,
		.help = "look at jobs that move so often (0.25)"},
	{.name = "once",
		.kind = OPTION_FLAG,
		.offset = offsetof(struct top_request, once),
		.help = "print what there is now as text, and end; "
			"so does output to what is no terminal"},
	{.name = "help", .kind = OPTION_HELP, .help = "show this help"},
	{.name = "version", .kind = OPTION_VERSION, .help = "show the version"},
	{.name = NULL},
};

static const char *const usage[] = {"[OPTION]...", NULL};

const struct option_set top_options = {
	.command = "top",
	.usage = usage,
	.description =
		"Show your jobs, the serial ports and the devices on the whole screen, live; "
		"pause, resume and cancel jobs by key.",
	.row = rows,
};

int command_top(int argc, char **argv)
{
	struct top_request request = {.delay_ms = DELAY_DEFAULT_MS};

	switch (option_parse_all(&top_options, argc, argv, &request)) {
	case OPTION_SHOWN:
		return HAUL_EXIT_OK;
	case OPTION_WRONG:
		return HAUL_EXIT_FAILED;
	case OPTION_READY:
		break;
	}
	return top_run(&request);
}
