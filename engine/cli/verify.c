/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <sys/stat.h>

#include "cli/command.h"
#include "cli/job_options.h"
#include "util/quote.h"

static const char *const usage[] = {
	"[OPTION]... SOURCE DEST",
	"[OPTION]... FILE",
	"[OPTION]... --checksums FILE [DIR]",
	NULL,
};

const struct option_set verify_options = {
	.command = "verify",
	.usage = usage,
	.description = "Compare SOURCE with DEST, contents as the medium has them and metadata; "
		       "or files with the checksums in FILE.",
	.row = job_option_rows,
	.mask = COMMAND_VERIFY,
	.operands = NAMES_FILE,
};

static int refuse_operand(const struct option_set *set, const char *what, const char *operand)
{
	char quoted[QUOTE_BYTES];

	option_wrong(set, "%s %s", what, quote_name(operand, quoted, sizeof(quoted)));
	return -1;
}

static bool is_directory(const char *path)
{
	struct stat status;

	return !stat(path, &status) && S_ISDIR(status.st_mode);
}

/* A list, and perhaps the directory that its names are relative to. */
static int take_list(
	struct job_request *request, const struct option_set *set, char **operand, int count)
{
	if (count > 1)
		return refuse_operand(set, "extra operand", operand[1]);
	/* Links in the way are followed as for anybody who opens the file. */
	request->options.keep_directory_symlink = true;
	request->options.dereference = true;
	request->sources = (char *const *)&request->checksums;
	request->source_count = 1;
	request->target = count ? operand[0] : NULL;
	return 0;
}

static int take_operands(
	struct job_request *request, const struct option_set *set, char **operand, int count)
{
	if (request->checksums)
		return take_list(request, set, operand, count);
	if (!count) {
		option_wrong(set, "missing operand");
		return -1;
	}
	if (count > 2)
		return refuse_operand(set, "extra operand", operand[2]);
	if (count == 1 && is_directory(operand[0]))
		return refuse_operand(set, "missing operand after", operand[0]);
	if (count == 1) {
		request->checksums = operand[0];
		return take_list(request, set, NULL, 0);
	}
	request->sources = operand;
	request->source_count = 1;
	request->target = operand[1];
	return 0;
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
	if (take_operands(request, &set, argv + first, argc - first) ||
		job_settings_check_publishing(settings, &set))
		return OPTION_WRONG;
	request->no_target_directory = true;
	settings->selection.list.recursive = true;
	return OPTION_READY;
}

int command_verify(int argc, char **argv)
{
	struct job_settings settings = {0};

	return job_settings_run(
		&settings, verify_parse(argc, argv, false, &settings), &verify_options);
}
