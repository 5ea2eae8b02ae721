/* SPDX-License-Identifier: MIT */
#include "cli/job_settings.h"

#include <errno.h>
#include <sys/stat.h>

#include "job/past.h"
#include "util/quote.h"

/* GNU's cp follows links unless it copies directories, or is told. */
static void settle_follow(struct job_settings *settings)
{
	struct job_request *request = &settings->request;
	unsigned follow = settings->follow;

	if (follow == FOLLOW_DEFAULT)
		follow = request->options.recursive ? FOLLOW_NONE : FOLLOW_ALL;
	request->options.dereference = follow == FOLLOW_ALL;
	request->follow_arguments = follow != FOLLOW_NONE;
}

static int check_operands(const struct job_settings *settings, const struct option_set *set,
	char **operand, int count)
{
	char quoted[QUOTE_BYTES];

	if (count == 0)
		option_wrong(set, "missing file operand");
	else if (count == 1 && !settings->target_directory)
		option_wrong(set, "missing destination file operand after %s",
			quote_name(operand[0], quoted, sizeof(quoted)));
	else if (settings->target_directory && settings->no_target_directory)
		option_error(set, "cannot combine --target-directory (-t) and "
				  "--no-target-directory (-T)");
	else if (settings->no_target_directory && count > 2)
		option_wrong(
			set, "extra operand %s", quote_name(operand[2], quoted, sizeof(quoted)));
	else
		return 0;
	return -EINVAL;
}

static void set_target(struct job_settings *settings, char **operand, int count)
{
	struct job_request *request = &settings->request;

	request->sources = operand;
	request->source_count = (unsigned)count;
	request->target = settings->target_directory;
	request->target_is_directory = settings->target_directory != NULL;
	request->no_target_directory = settings->no_target_directory;
	if (!request->target) {
		request->source_count--;
		request->target = operand[count - 1];
	}
}

void job_settings_note_arguments(
	struct job_settings *settings, const struct option_set *set, int argc, char **argv)
{
	struct job_request *request = &settings->request;

	request->command = set->command;
	request->argument = argv + 1;
	request->argument_count = (unsigned)argc - 1;
	if (request->past)
		request->name = request->past->job;
	if (!settings->checkpoints_chosen)
		request->checkpoint_ns = JOB_CHECKPOINT_NS;
}

int job_settings_finish(struct job_settings *settings, const struct option_set *set, char **operand,
	int operand_count)
{
	mode_t mask;
	int error = check_operands(settings, set, operand, operand_count);

	if (error)
		return error;
	settle_follow(settings);
	set_target(settings, operand, operand_count);
	/* The mask can't be read without being set. */
	mask = umask(0);
	umask(mask);
	settings->request.options.umask = mask;
	settings->request.options.copy_special = settings->request.options.recursive;
	return 0;
}
