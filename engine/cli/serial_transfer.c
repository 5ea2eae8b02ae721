/* SPDX-License-Identifier: MIT */
/* haul serial send, receive and stream: jobs, each with a process for each port. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/serial.h"
#include "cli/serial_job.h"
#include "cli/serial_options.h"
#include "haul/exit.h"
#include "haul/progress.h"
#include "serialctl/channel.h"
#include "serialctl/role.h"
#include "util/spawn.h"

static const char *const send_usage[] = {"[OPTION]... PORT FILE...", NULL};
static const char *const receive_usage[] = {
	"[OPTION]... PORT [DIRECTORY]", "[OPTION]... --protocol=xmodem|raw PORT FILE", NULL};
static const char *const stream_usage[] = {"[OPTION]... PORT...", NULL};

const struct option_set serial_send_options = {
	.command = "serial send",
	.usage = send_usage,
	.description = "Send each FILE to the device behind PORT. XMODEM has no names and sends "
		       "one; the others send all, one after the other.",
	.row = serial_option_rows,
	.mask = VERB_SEND,
	.operands = NAMES_FILE,
};

const struct option_set serial_receive_options = {
	.command = "serial receive",
	.usage = receive_usage,
	.description = "Receive files from the device behind PORT: with YMODEM into DIRECTORY, by "
		       "the names that it tells, otherwise into FILE.",
	.row = serial_option_rows,
	.mask = VERB_RECEIVE,
	.operands = NAMES_FILE,
};

const struct option_set serial_stream_options = {
	.command = "serial stream",
	.usage = stream_usage,
	.description = "Make an event of every line or frame that arrives on each PORT, for all "
		       "who watch the job, until it is stopped.",
	.row = serial_option_rows,
	.mask = VERB_STREAM,
	.operands = NAMES_FILE,
};

static const struct verb_set {
	const char *name;
	const struct option_set *set;
	enum serial_action action;
} verb_sets[] = {
	{"send", &serial_send_options, SERIAL_SEND},
	{"receive", &serial_receive_options, SERIAL_RECEIVE},
	{"stream", &serial_stream_options, SERIAL_STREAM},
};

static const struct verb_set *verb_find(const char *name)
{
	const struct verb_set *verb = verb_sets;

	/* Nobody looks for another name than those of the table. */
	while (strcmp(verb->name, name) != 0)
		verb++;
	return verb;
}

/* ---- before the job ---- */

static int check_send(
	const struct serial_task *task, const struct option_set *set, uint64_t *ret_bytes)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < task->file_count; i++) {
		struct stat node;

		if (stat(task->files[i], &node) < 0) {
			option_error(set, "cannot send '%s': %s", task->files[i], strerror(errno));
			return -ENOENT;
		}
		if (!S_ISREG(node.st_mode)) {
			option_error(set, "cannot send '%s': not a regular file", task->files[i]);
			return -EINVAL;
		}
		bytes += (uint64_t)node.st_size;
	}
	*ret_bytes = bytes;
	return 0;
}

static int check_receive(const struct serial_task *task, const struct option_set *set)
{
	struct stat node;

	if (task->protocol == PROTOCOL_YMODEM &&
		(stat(task->target, &node) < 0 || !S_ISDIR(node.st_mode))) {
		option_error(set, "cannot receive into '%s': not a directory", task->target);
		return -ENOTDIR;
	}
	return 0;
}

static int check(const struct verb_set *verb, const struct serial_settings *settings,
	struct serial_job_request *request)
{
	const struct serial_task *task = &settings->task;

	switch (verb->action) {
	case SERIAL_SEND:
		request->files_planned = task->file_count;
		request->planned = true;
		return check_send(task, verb->set, &request->bytes_planned);
	case SERIAL_RECEIVE:
		return check_receive(task, verb->set);
	default:
		request->endless = true;
		request->port_count = task->file_count + 1;
		if (request->port_count < HAUL_LANES_MAX)
			return 0;
		option_wrong(verb->set, "too many ports");
		return -E2BIG;
	}
}

/* Operands as a copy tells them: sources, then the destination. To send to a port is the other way
 * round than it is typed. */
static char **told_arguments(enum serial_action action, char **operand, unsigned count)
{
	char **told = calloc(count, sizeof(*told));

	if (!told)
		return NULL;
	memcpy(told, operand, count * sizeof(*told));
	if (action == SERIAL_SEND) {
		memmove(told, operand + 1, (count - 1) * sizeof(*told));
		told[count - 1] = operand[0];
	}
	return told;
}

static int run_verb(const char *name, int argc, char **argv)
{
	const struct verb_set *verb = verb_find(name);
	struct serial_settings settings;
	struct serial_job_request request = {.set = verb->set, .port_count = 1};
	int first, status;

	switch (serial_settings_parse(verb->set, argc, argv, &settings, &first)) {
	case OPTION_SHOWN:
		return HAUL_EXIT_OK;
	case OPTION_WRONG:
		return HAUL_EXIT_FAILED;
	case OPTION_READY:
		break;
	}
	if (serial_settings_finish(&settings, verb->set, argv + first, argc - first) ||
		check(verb, &settings, &request))
		return HAUL_EXIT_FAILED;
	request.name = settings.job;
	request.line = argv;
	request.line_count = argc;
	request.argument_count = (unsigned)(argc - first);
	request.arguments = told_arguments(verb->action, argv + first, request.argument_count);
	request.json = settings.json;
	request.progress = verb->action == SERIAL_STREAM ? JOB_PROGRESS_NEVER : settings.progress;
	if (!request.arguments) {
		option_error(verb->set, "memory exhausted");
		return HAUL_EXIT_FAILED;
	}
	status = serial_job_run(&request);
	free((void *)request.arguments);
	return status;
}

int serial_send(int argc, char **argv)
{
	return run_verb("send", argc, argv);
}

int serial_receive(int argc, char **argv)
{
	return run_verb("receive", argc, argv);
}

int serial_stream(int argc, char **argv)
{
	return run_verb("stream", argc, argv);
}

/* ---- the role ---- */

static int role_run(int argc, char **argv, unsigned lane, unsigned port)
{
	const struct verb_set *verb = argc ? verb_find(argv[0]) : NULL;
	struct serial_settings settings;
	int first;

	if (!verb)
		return -EPROTO;
	if (serial_settings_parse(verb->set, argc, argv, &settings, &first) != OPTION_READY ||
		serial_settings_finish(&settings, verb->set, argv + first, argc - first))
		return -EPROTO;
	settings.task.action = verb->action;
	if (verb->action == SERIAL_STREAM && port < (unsigned)(argc - first))
		settings.task.port = argv[first + (int)port];
	return serial_role_run(&settings.task, lane);
}

int serial_role_main(int argc, char **argv)
{
	char **words = NULL;
	int count, error;

	if (argc != 3) {
		fprintf(stderr, "haul: the serial role is started by haul serial\n");
		return HAUL_EXIT_FAILED;
	}
	/* A signal to the whole group ends the job through its coordinator, which closes the
	 * channel: the peer is told first. */
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	error = channel_receive_line(SPAWN_CHANNEL_FD, &count, &words);
	if (error) {
		fprintf(stderr, "haul: the serial role got no work: %s\n", strerror(-error));
		return HAUL_EXIT_FAILED;
	}
	error = role_run(count, words, (unsigned)strtoul(argv[1], NULL, 10),
		(unsigned)strtoul(argv[2], NULL, 10));
	free(words[0]);
	free(words);
	return error ? HAUL_EXIT_FAILED : HAUL_EXIT_OK;
}
