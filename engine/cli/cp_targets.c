/* SPDX-License-Identifier: MIT */
/*
 * cp --to A --to B: one read, many writes.
 *
 * Each target is a job of its own, as haul run has them: what happens to one does not touch the
 * others, and each has its own journal and can be resumed. They begin together and go through the
 * sources in the same order, so whoever is ahead reads from the device, and the others find in the
 * page cache what he has read. Nobody waits for anybody: one that lags so far behind that its data
 * is no longer cached reads for itself. So sources must be read through the page cache.
 */
#include "cli/cp_targets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "haul/exit.h"
#include "run/record.h"
#include "run/run.h"

#define NUMBER_BYTES 8 /* "-256" and some more */

static int refuse(const struct option_set *set, const char *what)
{
	option_error(set, "cannot combine --to with %s", what);
	return -EINVAL;
}

/* One of them would unmount what another one has to write to. */
static bool share_filesystem(const struct job_settings *settings)
{
	struct stat one, other;

	for (size_t i = 0; i < settings->to_count; i++)
		for (size_t j = 0; j < i; j++)
			if (!stat(settings->to[i], &one) && !stat(settings->to[j], &other) &&
				one.st_dev == other.st_dev)
				return true;
	return false;
}

/* What can't be had by several jobs at once. */
static int check(const struct job_settings *settings, const struct option_set *set)
{
	const struct job_request *request = &settings->request;

	if (request->journal)
		return refuse(set, "--journal: each target has a journal of its own");
	if (request->options.interactive)
		return refuse(set, "--interactive");
	if (request->options.strategy == STRATEGY_DIRECT)
		return refuse(set, "--strategy=direct, which reads once for each target");
	if (request->redis || request->socketio || request->http)
		return refuse(set, "--redis, --socketio and --http; haul publish has them");
	if (request->checksums && settings->to_count > 1)
		return refuse(set, "--checksums, which is one list: give each target a command");
	if (request->eject && share_filesystem(settings))
		return refuse(set, "--eject, as two targets are on one file system");
	if (settings->files_from)
		return refuse(set, "--files-from");
	if (settings->to_count > RUN_JOBS_MAX)
		return refuse(set, "so many targets");
	if (request->name && strlen(request->name) + NUMBER_BYTES > HAUL_JOB_BYTES)
		return refuse(set, "so long a job name");
	return 0;
}

/* Neither can be shortened, since others begin like them. */
static bool is_for_all(const char *word, bool *ret_takes_next)
{
	*ret_takes_next = strcmp(word, "--to") == 0 || strcmp(word, "--job") == 0;
	return *ret_takes_next || strncmp(word, "--to=", 5) == 0 || strncmp(word, "--job=", 6) == 0;
}

/* The whole command line of one target's job. The options of argv end before the sources. */
static char **build_arguments(
	const struct job_request *request, char **argv, struct run_job *job, const char *target)
{
	char **option = argv + 1;
	char *const *end = request->sources;
	size_t count = (size_t)(end - (char *const *)argv) + request->source_count;
	char **argument = calloc(count + 8, sizeof(*argument));
	/* Whatever the user chose comes later, and counts. */
	char *const first[] = {
		"haul", "cp", "--strategy=uring", "--job", job->name, "-t", (char *)target};
	size_t used = sizeof(first) / sizeof(first[0]);
	bool takes_next;

	if (!argument)
		return NULL;
	memcpy(argument, first, sizeof(first));
	while (option < end) {
		if (is_for_all(*option, &takes_next))
			option += takes_next;
		else
			argument[used++] = *option;
		option++;
	}
	for (unsigned i = 0; i < request->source_count; i++)
		argument[used++] = request->sources[i];
	return argument;
}

static int build_job(
	const struct job_settings *settings, char **argv, unsigned index, struct run_job *job)
{
	const struct job_request *request = &settings->request;
	const char *target = settings->to[index];

	*job = (struct run_job){
		.number = index + 1,
		.label = target,
		.needs.target = target,
		.pidfd = -1,
		.channel = -1,
	};
	if (request->name)
		snprintf(job->name, sizeof(job->name), "%.*s-%u", HAUL_JOB_BYTES - NUMBER_BYTES,
			request->name, index + 1);
	else
		snprintf(job->name, sizeof(job->name), "cp-%d-%u", (int)getpid(), index + 1);
	job->argument = build_arguments(request, argv, job, target);
	return job->argument ? 0 : -ENOMEM;
}

static void choose_progress(const struct job_request *request, struct run_request *run)
{
	bool on_terminal = isatty(STDERR_FILENO) && !(request->json && isatty(STDOUT_FILENO));

	run->json = request->json;
	run->bar_always = request->progress == JOB_PROGRESS_ALWAYS;
	run->bar = run->bar_always || (request->progress == JOB_PROGRESS_AUTO && on_terminal);
}

int cp_targets_run(struct job_settings *settings, char **argv)
{
	struct option_set named = cp_options;
	const struct option_set *set = &named;
	struct record record = {.fd = RECORD_NO_FD};
	struct run_request run = {
		.noun = "target",
		.at_most = (unsigned)settings->to_count,
		.quiet = true,
	};
	int status = HAUL_EXIT_FAILED;
	int error;

	named.program = argv[0];
	run.program = argv[0];
	error = check(settings, set);
	if (error)
		return HAUL_EXIT_FAILED;
	run.job = calloc(settings->to_count, sizeof(*run.job));
	error = run.job ? 0 : -ENOMEM;
	for (; !error && run.count < settings->to_count; run.count++)
		error = build_job(settings, argv, (unsigned)run.count, &run.job[run.count]);
	choose_progress(&settings->request, &run);
	if (error)
		option_error(set, "memory exhausted");
	else
		status = run_all(&run, &record);
	for (size_t i = 0; i < run.count; i++)
		free(run.job[i].argument);
	free(run.job);
	return status;
}
