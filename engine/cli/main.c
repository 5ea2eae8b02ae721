/* SPDX-License-Identifier: MIT */
/*
 * haul COMMAND …, as people call it, or haul --role=ROLE …, as it calls itself: every process of a
 * job is this program in another role.
 */
#include <errno.h>
#include <libgen.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "bpf/probe.h"
#include "cli/command.h"
#include "cli/describe.h"
#include "cli/device_feed.h"
#include "cli/help.h"
#include "cli/serial.h"
#include "haul/exit.h"
#include "publisher/publisher.h"
#include "worker/keeper.h"
#include "worker/worker.h"

#define ROLE_PREFIX "--role="

struct role {
	const char *name;
	int (*run)(int argc, char **argv); /* argv[0] is --role=NAME; returns the exit status */
};

static int run_worker(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return worker_main();
}

static int run_keeper(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return keeper_main();
}

static const struct role roles[] = {
	{"worker", run_worker},
	{"keeper", run_keeper},
	{"publisher", publisher_main},
	{"serial", serial_role_main},
	{"probe", probe_main},
	{"devices", device_feed_main},
	{"describe", describe_main},
};

/* Or its name in ps and top would be that of the link by which it was started. */
static void name_process(const char *role)
{
	char name[16]; /* as much as the kernel keeps */

	snprintf(name, sizeof(name), "haul-%s", role);
	prctl(PR_SET_NAME, name);
}

static int run_role(const char *name, int argc, char **argv)
{
	for (size_t index = 0; index < sizeof(roles) / sizeof(roles[0]); index++) {
		if (strcmp(roles[index].name, name) != 0)
			continue;
		name_process(name);
		return roles[index].run(argc, argv);
	}
	fprintf(stderr, "haul: unknown role '%s'\n", name);
	return HAUL_EXIT_FAILED;
}

/* For all commands: each just prints. */
static int end_output(const char *program)
{
	bool lost;

	errno = 0;
	lost = fflush(stdout) || ferror(stdout);
	if (lost)
		fprintf(stderr, "%s: write error%s%s\n", program, errno ? ": " : "",
			errno ? strerror(errno) : "");
	return lost ? HAUL_EXIT_FAILED : HAUL_EXIT_OK;
}

static int run_command(const struct command *command, int argc, char **argv)
{
	int status = command->run(argc, argv);

	return status == HAUL_EXIT_OK ? end_output(argv[0]) : status;
}

static int show_help(void)
{
	printf("Usage: haul COMMAND [OPTION]... [OPERAND]...\n"
	       "  or:  haul COMMAND --help\n"
	       "Copy, move and delete many files fast, and watch it live.\n\n"
	       "Commands:\n");
	for (const struct command *command = command_table; command->name; command++)
		printf("  %-12s %s\n", command->name, command->summary);
	return end_output("haul");
}

static int say_wrong(const char *problem, const char *word)
{
	fprintf(stderr, "haul: %s%s%s%s\nTry 'haul --help' for more information.\n", problem,
		word ? " '" : "", word ? word : "", word ? "'" : "");
	return HAUL_EXIT_FAILED;
}

int main(int argc, char **argv)
{
	const struct command *command;
	char title[64];

	if (!argc)
		return HAUL_EXIT_FAILED;
	setlocale(LC_ALL, "");
	/* Linked as cp, mv or rm it is that command, and its messages begin so. */
	argv[0] = basename(argv[0]);
	command = command_find(command_table, argv[0]);
	if (command)
		return run_command(command, argc, argv);
	if (argc < 2)
		return say_wrong("missing command", NULL);
	if (strncmp(argv[1], ROLE_PREFIX, strlen(ROLE_PREFIX)) == 0)
		return run_role(argv[1] + strlen(ROLE_PREFIX), argc - 1, argv + 1);
	if (strcmp(argv[1], "--help") == 0)
		return show_help();
	if (strcmp(argv[1], "--version") == 0) {
		help_print_version(stdout);
		return end_output("haul");
	}
	command = command_find(command_table, argv[1]);
	if (!command)
		return say_wrong(
			argv[1][0] == '-' ? "unrecognized option" : "unknown command", argv[1]);
	snprintf(title, sizeof(title), "haul %s", command->name);
	argv[1] = title;
	return run_command(command, argc - 1, argv + 1);
}
