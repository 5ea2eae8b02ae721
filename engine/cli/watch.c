/* SPDX-License-Identifier: MIT */
/* haul watch: what is attached and mounted, and each change, as it happens. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "bpf/devices.h"
#include "cli/command.h"
#include "cli/watch_filter.h"
#include "cli/watch_rules.h"
#include "cli/watch_show.h"
#include "haul/exit.h"
#include "util/stop_signals.h"

#define PARALLEL_DEFAULT 8

struct watch_settings {
	bool json;
	bool all;
	bool once;
	bool no_probe;
	const char *filter;
	const char *on_mount;
	unsigned parallel;
};

static const struct option_row rows[] = {
	{.letters = "a",
		.name = "all",
		.kind = OPTION_FLAG,
		.group = "What is shown",
		.offset = offsetof(struct watch_settings, all),
		.help = "also what lies on no device, and other mount namespaces"},
	{.name = "filter",
		.kind = OPTION_TEXT,
		.metavar = "EXPR",
		.offset = offsetof(struct watch_settings, filter),
		.help = "only what matches: KEY=PATTERN or KEY!=PATTERN, separated by commas; "
			"keys are " FILTER_KEYS},
	{.name = "json",
		.kind = OPTION_FLAG,
		.offset = offsetof(struct watch_settings, json),
		.help = "one JSON object a line"},
	{.name = "once",
		.kind = OPTION_FLAG,
		.offset = offsetof(struct watch_settings, once),
		.help = "show what there is now, and end"},
	{.name = "no-probe",
		.kind = OPTION_FLAG,
		.offset = offsetof(struct watch_settings, no_probe),
		.help = "do without the eBPF probe, as without privilege"},
	{.name = "on-mount",
		.kind = OPTION_TEXT,
		.group = "Rules",
		.metavar = "EXPR",
		.offset = offsetof(struct watch_settings, on_mount),
		.help = "run COMMAND when a device that matches is mounted, once per insertion"},
	{.letters = "P",
		.name = "parallel",
		.kind = OPTION_NUMBER,
		.metavar = "N",
		.offset = offsetof(struct watch_settings, parallel),
		.minimum = 1,
		.maximum = RULES_RUNNING_MAX,
		.help = "run at most so many COMMANDs at once (8)"},
	{.name = "help", .kind = OPTION_HELP, .group = "Other", .help = "show this help"},
	{.name = "version", .kind = OPTION_VERSION, .help = "show the version"},
	{.name = NULL},
};

static const char *const usage[] = {
	"[OPTION]...",
	"[OPTION]... --on-mount EXPR -- COMMAND [ARGUMENT]...",
	NULL,
};

const struct option_set watch_options = {
	.command = "watch",
	.usage = usage,
	.description = "Show the devices that are attached and mounted, and then each that is "
		       "attached, mounted, unmounted, released or detached.",
	.row = rows,
};

struct watch {
	struct watch_settings settings;
	struct devices *devices;
	struct show show;
	struct filter filter;
	struct rules *rules; /* NULL: none */
	int signal_fd;
	bool over; /* --once has shown all */
};

/* ---- events ---- */

/* The capabilities are those of capabilities(7); tracefs is closed to all but root. */
static void say_how_to_grant(void)
{
	char path[4096];
	ssize_t bytes = readlink("/proc/self/exe", path, sizeof(path) - 1);

	path[bytes < 0 ? 0 : bytes] = '\0';
	fprintf(stderr,
		"haul watch: to grant what it needs, run as root, or once:\n"
		"    setcap cap_bpf,cap_perfmon,cap_dac_read_search+p %s\n"
		"or use the unit haul-watch.service; see haul-watch(1)\n",
		bytes < 0 ? "haul" : path);
}

static void say_watching(const struct watch *watch, const struct device_event *event)
{
	if (watch->settings.no_probe || !event->error)
		return;
	fprintf(stderr,
		"haul watch: no eBPF probe: %s%s%s\n"
		"haul watch: mounts and devices are shown all the same; missing are who did it, "
		"what failed, and mounts that last less than a moment\n",
		event->missing ? event->missing : "it ended", event->error == ENOSYS ? "" : ": ",
		event->error == ENOSYS ? "" : strerror(event->error));
	if (event->error == EPERM || event->error == EACCES)
		say_how_to_grant();
}

/* By default, what people call a device: no pseudo filesystem, nothing of other namespaces. */
static bool is_shown(const struct watch *watch, const struct device_event *event)
{
	if (event->action == DEVICE_WATCHING || event->action == DEVICE_LOST)
		return true;
	if (!watch->settings.all && (!event->visible || !event->device))
		return false;
	return filter_match(&watch->filter, event);
}

static int take_event(struct watch *watch, const struct device_event *event)
{
	int error = 0;

	if (event->action == DEVICE_WATCHING) {
		say_watching(watch, event);
		watch->over = watch->settings.once;
	}
	if (is_shown(watch, event))
		error = show_event(&watch->show, event);
	if (!error && watch->rules)
		error = rules_event(watch->rules, event);
	return error;
}

static int take_events(struct watch *watch)
{
	const struct device_event *event;
	int result = 0;

	while (!watch->over && (result = devices_next(watch->devices, &event)) > 0) {
		result = take_event(watch, event);
		if (result)
			break;
	}
	return result;
}

/* ---- waiting ---- */

/* Returns 1 when a signal asks to end. */
static int wait_for_news(struct watch *watch)
{
	struct pollfd wait[3 + RULES_RUNNING_MAX] = {
		{.fd = devices_fd(watch->devices), .events = POLLIN},
		{.fd = watch->signal_fd, .events = POLLIN},
		{.fd = STDOUT_FILENO}, /* POLLERR: nobody reads any more */
	};
	unsigned count = 3;
	struct signalfd_siginfo info;

	if (watch->rules)
		count += rules_poll(watch->rules, wait + 3);
	if (poll(wait, count, -1) < 0)
		return errno == EINTR ? 0 : -errno;
	if (wait[2].revents & POLLERR)
		return -EPIPE;
	if (wait[1].revents) {
		if (read(watch->signal_fd, &info, sizeof(info)) != sizeof(info))
			return -EIO;
		if (watch->rules)
			rules_stop(watch->rules, (int)info.ssi_signo);
		return 1;
	}
	return watch->rules ? rules_reap(watch->rules) : 0;
}

static int watch_devices(struct watch *watch)
{
	int result = take_events(watch);

	while (!result && !watch->over) {
		result = wait_for_news(watch);
		if (result > 0)
			return 0;
		if (!result)
			result = take_events(watch);
	}
	return result;
}

/* ---- set-up ---- */

static int parse_expression(const char *text, struct filter *ret_filter)
{
	const char *word = text;
	int error = filter_parse(text ? text : "", ret_filter, &word);

	if (error == -E2BIG)
		option_wrong(&watch_options, "more than %d terms in '%s'", FILTER_TERMS_MAX, text);
	else if (error)
		option_wrong(&watch_options, "invalid expression '%.*s': keys are %s",
			(int)strcspn(word, ","), word, FILTER_KEYS);
	return error;
}

static int open_rules(struct watch *watch, char **command)
{
	struct filter filter;

	if (!watch->settings.on_mount && !command[0])
		return 0;
	if (!watch->settings.on_mount) {
		option_wrong(&watch_options, "extra operand '%s'", command[0]);
		return -EINVAL;
	}
	if (!command[0]) {
		option_wrong(&watch_options, "--on-mount needs a command after --");
		return -EINVAL;
	}
	if (parse_expression(watch->settings.on_mount, &filter))
		return -EINVAL;
	return rules_open(
		&filter, command, watch->settings.parallel, watch->settings.json, &watch->rules);
}

static int run(struct watch *watch)
{
	const struct devices_options options = {
		.probe = !watch->settings.no_probe && !watch->settings.once,
	};
	int error;

	watch->signal_fd = stop_signals_open();
	if (watch->signal_fd < 0)
		return watch->signal_fd;
	show_open(&watch->show, watch->settings.json);
	error = devices_open(&options, &watch->devices);
	if (!error)
		error = watch_devices(watch);
	devices_close(watch->devices);
	close(watch->signal_fd);
	return error;
}

int command_watch(int argc, char **argv)
{
	struct watch watch = {.settings = {.parallel = PARALLEL_DEFAULT}};
	int first, error, status;

	switch (option_parse(&watch_options, argc, argv, &watch.settings, &first)) {
	case OPTION_SHOWN:
		return HAUL_EXIT_OK;
	case OPTION_WRONG:
		return HAUL_EXIT_FAILED;
	case OPTION_READY:
		break;
	}
	if (parse_expression(watch.settings.filter, &watch.filter))
		return HAUL_EXIT_FAILED;
	if (open_rules(&watch, argv + first)) {
		filter_free(&watch.filter);
		return HAUL_EXIT_FAILED;
	}
	error = run(&watch);
	if (error && error != -EPIPE)
		option_error(&watch_options, "cannot watch devices: %s", strerror(-error));
	status = error || (watch.rules && rules_failed(watch.rules)) ? HAUL_EXIT_FAILED
								     : HAUL_EXIT_OK;
	rules_close(watch.rules);
	filter_free(&watch.filter);
	return status;
}
