/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "cli/command.h"
#include "haul/exit.h"
#include "publisher/publish.h"

#define PUBLISH_FIELD(field) offsetof(struct publish_request, field)

static const char *const usage[] = {
	"[--json] [--redis URL] [--socketio URL] [--http ADDRESS]",
	NULL,
};

static const struct option_row rows[] = {
	{
		.group = "Where to",
		.name = "json",
		.kind = OPTION_FLAG,
		.offset = PUBLISH_FIELD(json),
		.help = "write events as JSON lines to standard output",
	},
	{
		.name = "redis",
		.kind = OPTION_TEXT,
		.metavar = "URL",
		.offset = PUBLISH_FIELD(redis),
		.help = "publish events on Redis, and keep each job's state there; "
			"redis://[[USER]:PASSWORD@]HOST[:PORT] or unix:///PATH",
	},
	{
		.name = "socketio",
		.kind = OPTION_TEXT,
		.metavar = "URL",
		.offset = PUBLISH_FIELD(socketio),
		.help = "emit events to the clients of Socket.IO servers whose Redis adapter uses "
			"this Redis",
	},
	{
		.name = "http",
		.kind = OPTION_TEXT,
		.metavar = "ADDRESS",
		.offset = PUBLISH_FIELD(http),
		.help = "serve a live page on HOST:PORT, such as 127.0.0.1:8480",
	},
	{
		.name = "http-token",
		.kind = OPTION_TEXT,
		.metavar = "FILE",
		.names = NAMES_FILE,
		.offset = PUBLISH_FIELD(token_file),
		.help = "let only those see the page who know the secret in FILE; "
			"needed for addresses beyond this machine",
	},
	{
		.group = "What of",
		.name = "devices",
		.kind = OPTION_FLAG,
		.offset = PUBLISH_FIELD(devices),
		.help = "besides jobs, tell of devices that come, are mounted, and go; "
			"with --http, they always are",
	},
	{
		.group = "Other",
		.name = "help",
		.kind = OPTION_HELP,
		.help = "show this help",
	},
	{
		.name = "version",
		.kind = OPTION_VERSION,
		.help = "show the version",
	},
	{0},
};

const struct option_set publish_options = {
	.command = "publish",
	.usage = usage,
	.description = "Tell how all jobs of this user are doing, live, until stopped.",
	.row = rows,
};

static bool is_wanted(const struct publish_request *request)
{
	return request->json || request->redis || request->socketio || request->http;
}

int command_publish(int argc, char **argv)
{
	struct publish_request request = {.region_fd = -1, .regions_fd = -1};

	switch (option_parse_all(&publish_options, argc, argv, &request)) {
	case OPTION_SHOWN:
		return HAUL_EXIT_OK;
	case OPTION_WRONG:
		return HAUL_EXIT_FAILED;
	case OPTION_READY:
		break;
	}
	if (!is_wanted(&request)) {
		option_wrong(&publish_options,
			"nowhere to publish to: give --json, --redis, --socketio or --http");
		return HAUL_EXIT_FAILED;
	}
	return publish_run(&request);
}
