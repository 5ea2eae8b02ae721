/* SPDX-License-Identifier: MIT */
#include "publisher/publisher.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "haul/exit.h"
#include "publisher/publish.h"

static bool parse_fd(const char *text, int *ret_fd)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (errno || end == text || *end || value < 0 || value > 65535)
		return false;
	*ret_fd = (int)value;
	return true;
}

static bool apply(struct publish_request *options, int option, const char *argument)
{
	switch (option) {
	case 'r': /* the role that brought us here */
		return true;
	case 'f':
		return argument && parse_fd(argument, &options->region_fd);
	case 'F':
		return argument && parse_fd(argument, &options->regions_fd);
	case 'j':
		options->json = true;
		return true;
	case 't':
		options->terminal = true;
		if (argument && strcmp(argument, "always") == 0)
			options->when = TERMINAL_ALWAYS;
		return true;
	case 'R':
		options->redis = argument;
		return true;
	case 'S':
		options->socketio = argument;
		return true;
	case 'H':
		options->http = argument;
		return true;
	case 'T':
		options->token_file = argument;
		return true;
	default:
		return false;
	}
}

static bool parse(struct publish_request *options, int argc, char **argv)
{
	static const struct option known[] = {
		{"role", required_argument, NULL, 'r'},
		{"region-fd", required_argument, NULL, 'f'},
		{"regions-fd", required_argument, NULL, 'F'},
		{"terminal", optional_argument, NULL, 't'},
		{"json", no_argument, NULL, 'j'},
		{"redis", required_argument, NULL, 'R'},
		{"socketio", required_argument, NULL, 'S'},
		{"http", required_argument, NULL, 'H'},
		{"http-token", required_argument, NULL, 'T'},
		{0},
	};
	int option;

	optind = 1;
	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1)
		if (!apply(options, option, optarg))
			return false;
	return optind == argc && (options->region_fd >= 0) != (options->regions_fd >= 0);
}

/* The working directory may be on a filesystem that is to be unmounted under its job. */
static void leave_directory(struct publish_request *options)
{
	char *token_file = options->token_file ? realpath(options->token_file, NULL) : NULL;

	if (options->token_file && !token_file)
		return; /* that is told by whoever opens it */
	/* Kept for good: the request refers to it. */
	options->token_file = token_file;
	if (chdir("/"))
		return; /* then it stays busy */
}

int publisher_main(int argc, char **argv)
{
	struct publish_request options = {.region_fd = -1, .regions_fd = -1};

	if (!parse(&options, argc, argv)) {
		fprintf(stderr, "haul: publisher: wrong arguments\n");
		return HAUL_EXIT_FAILED;
	}
	leave_directory(&options);
	return publish_run(&options);
}
