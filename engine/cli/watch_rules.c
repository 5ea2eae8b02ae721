/* SPDX-License-Identifier: MIT */
#include "cli/watch_rules.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/command.h"
#include "util/quote.h"

#define EXIT_NOT_STARTED 127

/* A device that is served, was served, or waits for it, until it is detached. */
struct service {
	struct service *next;
	uint32_t major;
	uint32_t minor;
	char *device;
	char **command; /* NULL once it has ended */
	pid_t pid;      /* 0: not started yet */
	int pidfd;
	bool detached; /* forget it when the command has ended */
};

struct rules {
	struct filter filter;
	char *const *command;
	unsigned parallel;
	bool output_is_ours;
	unsigned running;
	bool stopped;
	bool failed;
	struct service *first; /* in the order in which they came */
};

/* ---- the command's words ---- */

static void put_harmless(FILE *out, const char *text, const char *otherwise)
{
	if (!text[0])
		text = otherwise;
	for (const char *at = text; *at; at++) {
		bool bad = *at == '/' || (unsigned char)*at < ' ' || *at == 0x7f ||
			   (at == text && (*at == '.' || *at == '-'));

		fputc(bad ? '_' : *at, out);
	}
}

static void put_date(FILE *out, const char *format, uint64_t time_ns)
{
	time_t seconds = (time_t)(time_ns / 1000000000u);
	char text[32] = "";
	struct tm local;

	if (localtime_r(&seconds, &local))
		strftime(text, sizeof(text), format, &local);
	fputs(text, out);
}

static const char *last_component(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? slash + 1 : "unknown";
}

static bool put_value(FILE *out, const char *name, size_t bytes, const struct device_event *event)
{
	const char *otherwise = last_component(event->device);

	if (bytes == 5 && !memcmp(name, "mount", bytes))
		fputs(event->mount_point, out);
	else if (bytes == 6 && !memcmp(name, "device", bytes))
		fputs(event->device ? event->device : event->source, out);
	else if (bytes == 5 && !memcmp(name, "label", bytes))
		put_harmless(out, event->identity.label,
			event->identity.uuid[0] ? event->identity.uuid : otherwise);
	else if (bytes == 4 && !memcmp(name, "uuid", bytes))
		put_harmless(out, event->identity.uuid, otherwise);
	else if (bytes == 6 && !memcmp(name, "fstype", bytes))
		put_harmless(out, event->identity.fstype, otherwise);
	else if (bytes == 4 && !memcmp(name, "date", bytes))
		put_date(out, "%Y-%m-%d", event->time_ns);
	else if (bytes == 4 && !memcmp(name, "time", bytes))
		put_date(out, "%H%M%S", event->time_ns);
	else
		return false;
	return true;
}

static void expand_into(FILE *out, const char *word, const struct device_event *event)
{
	while (*word) {
		size_t bytes = word[0] == '{' ? strcspn(word, "}") : 0;

		if (bytes && word[bytes] == '}' && put_value(out, word + 1, bytes - 1, event))
			word += bytes + 1;
		else
			fputc(*word++, out);
	}
}

char *rules_expand(const char *word, const struct device_event *event)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	if (!out)
		return NULL;
	expand_into(out, word, event);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

static void free_command(char **command)
{
	for (char **word = command; word && *word; word++)
		free(*word);
	free(command);
}

static char **expand_command(char *const *command, const struct device_event *event)
{
	size_t count = 0;
	char **words;

	while (command[count])
		count++;
	words = calloc(count + 1, sizeof(*words));
	for (size_t i = 0; words && i < count; i++) {
		words[i] = rules_expand(command[i], event);
		if (!words[i]) {
			free_command(words);
			return NULL;
		}
	}
	return words;
}

/* ---- running it ---- */

static void say(const struct service *service, const char *what, const char *detail)
{
	char device[QUOTE_BYTES];

	fprintf(stderr, "haul watch: %s: %s%s\n",
		quote_name(service->device, device, sizeof(device)), what, detail);
}

/* haul's own commands go by their names alone. */
static void run_child(const struct rules *rules, char **command)
{
	const struct command *own = command_find(command_table, command[0]);
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigset_t none;

	sigemptyset(&none);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || sigprocmask(SIG_SETMASK, &none, NULL))
		_exit(EXIT_NOT_STARTED);
	if (rules->output_is_ours && dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		_exit(EXIT_NOT_STARTED);
	/* main() takes the command from its own name. */
	if (own)
		execv("/proc/self/exe", command);
	else
		execvp(command[0], command);
	fprintf(stderr, "haul watch: cannot run '%s': %s\n", command[0], strerror(errno));
	_exit(EXIT_NOT_STARTED);
}

static int start(struct rules *rules, struct service *service)
{
	pid_t pid;
	int error;

	say(service, "starting ", service->command[0]);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		run_child(rules, service->command);
	service->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (service->pidfd < 0) {
		error = -errno;
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return error;
	}
	service->pid = pid;
	rules->running++;
	return 0;
}

static int start_waiting(struct rules *rules)
{
	int error = 0;

	for (struct service *service = rules->first; service; service = service->next) {
		if (rules->running >= rules->parallel || rules->stopped || error)
			break;
		if (service->command && !service->pid)
			error = start(rules, service);
	}
	return error;
}

/* ---- devices that come and go ---- */

static void forget(struct rules *rules, struct service *service)
{
	struct service **link = &rules->first;

	while (*link != service)
		link = &(*link)->next;
	*link = service->next;
	free_command(service->command);
	free(service->device);
	free(service);
}

static struct service *find(const struct rules *rules, uint32_t major, uint32_t minor)
{
	for (struct service *service = rules->first; service; service = service->next) {
		if (service->major == major && service->minor == minor && !service->detached)
			return service;
	}
	return NULL;
}

static int serve(struct rules *rules, const struct device_event *event)
{
	struct service *service = calloc(1, sizeof(*service)), **link = &rules->first;

	if (!service)
		return -ENOMEM;
	service->major = event->major;
	service->minor = event->minor;
	service->device = strdup(event->device ? event->device : event->source);
	service->command = expand_command(rules->command, event);
	while (*link)
		link = &(*link)->next;
	*link = service;
	if (!service->device || !service->command) {
		forget(rules, service);
		return -ENOMEM;
	}
	return start_waiting(rules);
}

static void end_waiting(struct service *service, const char *why)
{
	say(service, "not served: ", why);
	free_command(service->command);
	service->command = NULL;
}

static void device_left(struct rules *rules, const struct device_event *event)
{
	struct service *service = find(rules, event->major, event->minor);

	if (!service)
		return;
	if (service->command && !service->pid)
		end_waiting(service, event->action == DEVICE_DETACHED ? "detached" : "unmounted");
	/* What lies on no device is gone with its mount. */
	if (event->action != DEVICE_DETACHED && event->block)
		return;
	service->detached = true;
	if (!service->command)
		forget(rules, service);
}

int rules_event(struct rules *rules, const struct device_event *event)
{
	switch (event->action) {
	case DEVICE_MOUNTED:
		if (event->current || !event->visible || rules->stopped ||
			find(rules, event->major, event->minor) ||
			!filter_match(&rules->filter, event))
			return 0;
		return serve(rules, event);
	case DEVICE_UNMOUNTED:
	case DEVICE_DETACHED:
		if (event->visible)
			device_left(rules, event);
		return 0;
	default:
		return 0;
	}
}

unsigned rules_poll(const struct rules *rules, struct pollfd *ret_poll)
{
	unsigned count = 0;

	for (const struct service *service = rules->first; service; service = service->next) {
		if (service->pid)
			ret_poll[count++] = (struct pollfd){.fd = service->pidfd, .events = POLLIN};
	}
	return count;
}

static void ended(struct rules *rules, struct service *service, int status)
{
	char text[64];

	if (WIFEXITED(status))
		snprintf(text, sizeof(text), "%d", WEXITSTATUS(status));
	else
		snprintf(text, sizeof(text), "signal %d", WTERMSIG(status));
	say(service, "ended with ", text);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		rules->failed = true;
	close(service->pidfd);
	service->pid = 0;
	free_command(service->command);
	service->command = NULL;
	rules->running--;
}

static int reap(struct rules *rules, int options)
{
	struct service *service, *following;
	int status;
	pid_t got;

	for (service = rules->first; service; service = following) {
		following = service->next;
		if (!service->pid)
			continue;
		got = waitpid(service->pid, &status, options);
		if (got < 0 && errno != EINTR)
			return -errno;
		if (got != service->pid)
			continue;
		ended(rules, service, status);
		if (service->detached)
			forget(rules, service);
	}
	return 0;
}

int rules_reap(struct rules *rules)
{
	int error = reap(rules, WNOHANG);

	return error ? error : start_waiting(rules);
}

void rules_stop(struct rules *rules, int signal_number)
{
	rules->stopped = true;
	for (const struct service *service = rules->first; service; service = service->next) {
		if (service->pid)
			kill(service->pid, signal_number);
	}
}

bool rules_failed(const struct rules *rules)
{
	return rules->failed;
}

int rules_open(struct filter *filter, char *const *command, unsigned parallel, bool output_is_ours,
	struct rules **ret_rules)
{
	struct rules *rules = calloc(1, sizeof(*rules));

	if (!rules)
		return -ENOMEM;
	rules->filter = *filter;
	*filter = (struct filter){0};
	rules->command = command;
	rules->parallel = parallel < RULES_RUNNING_MAX ? parallel : RULES_RUNNING_MAX;
	rules->output_is_ours = output_is_ours;
	*ret_rules = rules;
	return 0;
}

void rules_close(struct rules *rules)
{
	struct service *service;

	if (!rules)
		return;
	rules->stopped = true;
	while (rules->running && reap(rules, 0) == 0)
		;
	while ((service = rules->first))
		forget(rules, service);
	filter_free(&rules->filter);
	free(rules);
}
