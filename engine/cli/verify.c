/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "cli/command.h"
#include "cli/job_options.h"
#include "haul/exit.h"
#include "util/quote.h"

static const char *const usage[] = {"[OPTION]... SOURCE DEST", NULL};

const struct option_set verify_options = {
	.command = "verify",
	.usage = usage,
	.description = "Compare SOURCE with DEST, contents as the medium has them and metadata.",
	.row = job_option_rows,
	.mask = COMMAND_VERIFY,
	.operands = NAMES_FILE,
};

static int check_operands(const struct option_set *set, char **operand, int count)
{
	char quoted[QUOTE_BYTES];

	if (count == 2)
		return 0;
	if (!count)
		option_wrong(set, "missing operand");
	else if (count == 1)
		option_wrong(set, "missing operand after %s",
			quote_name(operand[0], quoted, sizeof(quoted)));
	else
		option_wrong(
			set, "extra operand %s", quote_name(operand[2], quoted, sizeof(quoted)));
	return -1;
}

enum option_result verify_parse(int argc, char **argv, bool quoted, struct job_settings *settings)
{
	struct job_request *request = &settings->request;
	struct option_set set = verify_options;
	enum option_result result;
	int first;

	set.program = argv[0];
	set.quoted = quoted;
	request->program = argv[0];
	request->options.operation = JOB_VERIFY;
	request->options.preserve =
		PRESERVE_MODE | PRESERVE_OWNER | PRESERVE_TIMES | PRESERVE_LINKS | PRESERVE_XATTR;
	result = option_parse(&set, argc, argv, settings, &first);
	if (result != OPTION_READY)
		return result;
	if (check_operands(&set, argv + first, argc - first) ||
		job_settings_check_publishing(settings, &set))
		return OPTION_WRONG;
	request->sources = argv + first;
	request->source_count = 1;
	request->target = argv[first + 1];
	request->no_target_directory = true;
	settings->selection.list.recursive = true;
	return OPTION_READY;
}

int command_verify(int argc, char **argv)
{
	struct job_settings settings = {0};
	int status = HAUL_EXIT_FAILED;

	switch (verify_parse(argc, argv, false, &settings)) {
	case OPTION_SHOWN:
		status = HAUL_EXIT_OK;
		break;
	case OPTION_WRONG:
		break;
	case OPTION_READY:
		return job_settings_run(&settings, &verify_options);
	}
	job_settings_free(&settings);
	return status;
}
