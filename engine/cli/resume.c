/* SPDX-License-Identifier: MIT */
/* haul resume: lets a paused job go on, and runs one again that ended before it was done. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/job_options.h"
#include "haul/exit.h"
#include "job/journal.h"
#include "job/past.h"
#include "job/state_directory.h"
#include "progress/control.h"

static const struct option_row rows[] = {
	{.name = "help", .kind = OPTION_HELP, .group = "Options", .help = "show this help"},
	{.name = "version", .kind = OPTION_VERSION, .help = "show the version"},
	{.name = NULL},
};

static const char *const usage[] = {"JOB...", NULL};

const struct option_set resume_options = {
	.command = "resume",
	.usage = usage,
	.description = "Let paused jobs go on, and run those again that ended early, "
		       "without what is done already.",
	.row = rows,
	.operands = NAMES_FILE,
};

static const char *reason(int error)
{
	switch (error) {
	case -EBUSY:
		return "it is running";
	case -EBADMSG:
		return "the beginning of its journal is damaged";
	case -EEXIST:
		return "that is no journal";
	case -EPROTONOSUPPORT:
		return "another version of haul wrote its journal";
	case -EPERM:
		return "its journal is not yours alone";
	default:
		return control_words(CONTROL_RESUME, error);
	}
}

static int fail(const char *job, int error)
{
	option_error(&resume_options, "cannot resume '%s': %s", job, reason(error));
	return HAUL_EXIT_FAILED;
}

/* As the journal tells, and nothing else: what a journal names is a copy or a move. */
static int run_command(struct past *past)
{
	int count = (int)past->argument_count;

	if (count && strcmp(past->argument[0], "cp") == 0)
		return cp_run(count, past->argument, past);
	if (count && strcmp(past->argument[0], "mv") == 0)
		return mv_run(count, past->argument, past);
	return fail(past->job, -EBADMSG);
}

static int run_again(const char *job)
{
	char path[STATE_PATH_BYTES];
	struct past past;
	int error = 0, status;

	if (strchr(job, '/'))
		snprintf(path, sizeof(path), "%s", job);
	else
		error = state_journal_path(job, false, path);
	if (!error)
		error = past_open(path, &past);
	if (error)
		return fail(job, error);
	if (chdir(past.directory)) {
		option_error(
			&resume_options, "cannot enter '%s': %s", past.directory, strerror(errno));
		status = HAUL_EXIT_FAILED;
	} else {
		umask(past.umask);
		status = run_command(&past);
	}
	past_close(&past);
	return status;
}

static bool may_be_dead(int error)
{
	return error == -ENOENT || error == -EINVAL || error == -ECONNREFUSED;
}

static int resume(const char *job)
{
	int error = control_ask(job, CONTROL_RESUME, CONTROL_ANSWER_MS);

	if (may_be_dead(error))
		return run_again(job);
	return error ? fail(job, error) : HAUL_EXIT_OK;
}

int command_resume(int argc, char **argv)
{
	int worst = HAUL_EXIT_OK, unused = 0, first;

	switch (option_parse(&resume_options, argc, argv, &unused, &first)) {
	case OPTION_SHOWN:
		return HAUL_EXIT_OK;
	case OPTION_WRONG:
		return HAUL_EXIT_FAILED;
	case OPTION_READY:
		break;
	}
	if (first == argc) {
		option_wrong(&resume_options, "missing job");
		return HAUL_EXIT_FAILED;
	}
	for (; first < argc; first++) {
		int status = resume(argv[first]);

		/* The next ones were not even tried. */
		if (status == HAUL_EXIT_STOPPED)
			return status;
		worst = worst ? worst : status;
	}
	return worst;
}
