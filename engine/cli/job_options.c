/* SPDX-License-Identifier: MIT */
#include "cli/job_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "haul/progress.h"

#define OPTION_FIELD(member)   offsetof(struct job_settings, member)
#define REQUEST_FIELD(member)  offsetof(struct job_settings, request.member)
#define CHECKPOINT_SECONDS_MAX 86400
#define PRESERVE_DEFAULT       "mode,ownership,timestamps"
#define PRESERVE_EVERYTHING                                                                        \
	(PRESERVE_MODE | PRESERVE_OWNER | PRESERVE_TIMES | PRESERVE_LINKS | PRESERVE_XATTR |       \
		PRESERVE_ALL)

static int set_archive(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument)
{
	struct job_settings *job = settings;

	(void)set;
	(void)row;
	(void)argument;
	job->follow = FOLLOW_NONE;
	job->request.options.recursive = true;
	job->request.options.preserve |= PRESERVE_EVERYTHING;
	return 0;
}

static int set_links(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument)
{
	struct job_settings *job = settings;

	(void)set;
	(void)row;
	(void)argument;
	job->follow = FOLLOW_NONE;
	job->request.options.preserve |= PRESERVE_LINKS;
	return 0;
}

/* The bits of a list of attributes: "mode,links". */
static int choose_attributes(const struct option_set *set, const struct option_row *row,
	const char *list, uint32_t *ret_bits)
{
	uint32_t bits = 0;

	for (;;) {
		size_t bytes = strcspn(list, ",");
		int value = option_choose(set, row, list, bytes);

		if (value < 0)
			return value;
		bits |= (uint32_t)value;
		if (list[bytes] == '\0')
			break;
		list += bytes + 1;
	}
	*ret_bits = bits;
	return 0;
}

static int set_preserve(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument)
{
	struct job_settings *job = settings;
	uint32_t bits;
	int error = choose_attributes(set, row, argument, &bits);

	if (error)
		return error;
	job->request.options.preserve |= bits;
	return 0;
}

static int set_no_preserve(void *settings, const struct option_set *set,
	const struct option_row *row, const char *argument)
{
	struct job_settings *job = settings;
	uint32_t bits;
	int error = choose_attributes(set, row, argument, &bits);

	if (error)
		return error;
	job->request.options.preserve &= ~bits;
	if (bits & PRESERVE_MODE)
		job->request.options.default_modes = true;
	return 0;
}

static int set_target_directory(void *settings, const struct option_set *set,
	const struct option_row *row, const char *argument)
{
	struct job_settings *job = settings;

	(void)row;
	if (job->target_directory) {
		option_error(set, "multiple target directories specified");
		return -EINVAL;
	}
	job->target_directory = argument;
	return 0;
}

static int set_rm_force(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument)
{
	struct job_settings *job = settings;

	(void)set;
	(void)row;
	(void)argument;
	job->request.options.force = true;
	job->request.prompt = JOB_PROMPT_NEVER;
	return 0;
}

/* Asking and -f exclude each other: the last one counts. */
static int set_rm_prompt(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument)
{
	struct job_settings *job = settings;
	int value = (int)row->value;

	if (row->choices)
		value = option_choose(set, row, argument, strlen(argument));
	if (value < 0)
		return value;
	job->request.prompt = (unsigned)value;
	job->request.options.force = false;
	return 0;
}

static int set_rm_preserve_root(void *settings, const struct option_set *set,
	const struct option_row *row, const char *argument)
{
	struct job_settings *job = settings;

	job->request.remove_system_root = false;
	if (!*argument)
		return 0;
	if (strcmp(argument, "all") == 0) {
		job->request.preserve_mounts = true;
		return 0;
	}
	option_error(set, "unrecognized --%s argument: %s", row->name, argument);
	return -EINVAL;
}

static int add_pattern(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument)
{
	struct job_settings *job = settings;
	int error = selection_add(&job->request.selection, row->value, argument);

	if (error)
		option_error(set, "cannot use pattern '%s': %s", argument, strerror(-error));
	return error ? -EINVAL : 0;
}

/* A job's name becomes a file's. */
static int set_job_name(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument)
{
	struct job_settings *job = settings;
	size_t bytes = strlen(argument);

	(void)row;
	if (bytes == 0 || bytes >= HAUL_JOB_BYTES || argument[0] == '.' || strchr(argument, '/')) {
		option_wrong(set, "invalid job name '%s'", argument);
		return -EINVAL;
	}
	job->request.name = argument;
	return 0;
}

static int set_checkpoint(void *settings, const struct option_set *set,
	const struct option_row *row, const char *argument)
{
	struct job_settings *job = settings;
	char *end;
	double seconds = strtod(argument, &end);

	if (end == argument || *end || !(seconds >= 0 && seconds <= CHECKPOINT_SECONDS_MAX)) {
		option_wrong(set, "invalid argument '%s' for '--%s'", argument, row->name);
		return -EINVAL;
	}
	job->request.checkpoint_ns = (uint64_t)(seconds * 1e9);
	job->checkpoints_chosen = true;
	return 0;
}

static const struct option_choice attribute_choices[] = {
	{"mode", PRESERVE_MODE},
	{"timestamps", PRESERVE_TIMES},
	{"ownership", PRESERVE_OWNER},
	{"links", PRESERVE_LINKS},
	{"xattr", PRESERVE_XATTR},
	{"all", PRESERVE_EVERYTHING},
	{NULL, 0},
};

static const struct option_choice prompt_choices[] = {
	{"never", JOB_PROMPT_NEVER},
	{"no", JOB_PROMPT_NEVER},
	{"none", JOB_PROMPT_NEVER},
	{"once", JOB_PROMPT_ONCE},
	{"always", JOB_PROMPT_ALWAYS},
	{"yes", JOB_PROMPT_ALWAYS},
	{NULL, 0},
};

static const struct option_choice progress_choices[] = {
	{"auto", JOB_PROGRESS_AUTO},
	{"always", JOB_PROGRESS_ALWAYS},
	{"never", JOB_PROGRESS_NEVER},
	{NULL, 0},
};

static const struct option_choice strategy_choices[] = {
	{"auto", STRATEGY_AUTO},
	{"reflink", STRATEGY_REFLINK},
	{"range", STRATEGY_RANGE},
	{"direct", STRATEGY_DIRECT},
	{"uring", STRATEGY_URING},
	{"plain", STRATEGY_PLAIN},
	{NULL, 0},
};

const struct option_row job_option_rows[] = {
	{
		.letters = "a",
		.name = "archive",
		.kind = OPTION_ACTION,
		.commands = COMMAND_CP,
		.group = "Options as GNU has them",
		.help = "same as -dR --preserve=all",
		.apply = set_archive,
	},
	{
		.letters = "d",
		.kind = OPTION_ACTION,
		.commands = COMMAND_CP,
		.help = "same as --no-dereference --preserve=links",
		.apply = set_links,
	},
	{
		.letters = "f",
		.name = "force",
		.kind = OPTION_FLAG,
		.commands = COMMAND_CP,
		.help = "if an existing destination file cannot be opened, remove it and try again",
		.offset = REQUEST_FIELD(options.force),
	},
	{
		.letters = "f",
		.name = "force",
		.kind = OPTION_FLAG,
		.commands = COMMAND_MV,
		.help = "do not prompt before overwriting",
		.offset = REQUEST_FIELD(options.force),
	},
	{
		.letters = "n",
		.name = "no-clobber",
		.kind = OPTION_FLAG,
		.commands = COMMAND_MV,
		.help = "do not overwrite an existing file",
		.offset = REQUEST_FIELD(options.no_clobber),
	},
	{
		.letters = "f",
		.name = "force",
		.kind = OPTION_ACTION,
		.commands = COMMAND_RM,
		.help = "ignore nonexistent files and arguments, never prompt",
		.apply = set_rm_force,
	},
	{
		.letters = "i",
		.kind = OPTION_ACTION,
		.commands = COMMAND_RM,
		.help = "prompt before every removal",
		.value = JOB_PROMPT_ALWAYS,
		.apply = set_rm_prompt,
	},
	{
		.letters = "I",
		.kind = OPTION_ACTION,
		.commands = COMMAND_RM,
		.help = "prompt once before removing more than three files, or when removing "
			"recursively",
		.value = JOB_PROMPT_ONCE,
		.apply = set_rm_prompt,
	},
	{
		.name = "interactive",
		.kind = OPTION_CUSTOM,
		.commands = COMMAND_RM,
		.metavar = "WHEN",
		.fallback = "always",
		.help = "prompt according to WHEN: never, once (-I), or always (-i)",
		.choices = prompt_choices,
		.apply = set_rm_prompt,
	},
	{
		.name = "one-file-system",
		.kind = OPTION_FLAG,
		.commands = COMMAND_RM,
		.help = "skip directories on another file system than that of their argument",
		.offset = REQUEST_FIELD(options.one_file_system),
	},
	{
		.name = "no-preserve-root",
		.kind = OPTION_FLAG,
		.commands = COMMAND_RM,
		.help = "do not treat '/' specially",
		.offset = REQUEST_FIELD(remove_system_root),
	},
	{
		.name = "preserve-root",
		.kind = OPTION_CUSTOM,
		.commands = COMMAND_RM,
		.metavar = "all",
		.fallback = "",
		.help = "do not remove '/' (the default); with 'all', nor any argument on another "
			"device than its parent",
		.apply = set_rm_preserve_root,
	},
	{
		.letters = "Rr",
		.name = "recursive",
		.kind = OPTION_FLAG,
		.commands = COMMAND_RM,
		.help = "remove directories with everything in them",
		.offset = REQUEST_FIELD(options.recursive),
	},
	{
		.letters = "d",
		.name = "dir",
		.kind = OPTION_FLAG,
		.commands = COMMAND_RM,
		.help = "remove empty directories",
		.offset = REQUEST_FIELD(options.directories),
	},
	{
		.letters = "H",
		.kind = OPTION_VALUE,
		.commands = COMMAND_CP,
		.help = "follow symbolic links in SOURCE that are named on the command line",
		.offset = OPTION_FIELD(follow),
		.value = FOLLOW_ARGUMENTS,
	},
	{
		.letters = "L",
		.name = "dereference",
		.kind = OPTION_VALUE,
		.commands = COMMAND_CP,
		.help = "always follow symbolic links in SOURCE",
		.offset = OPTION_FIELD(follow),
		.value = FOLLOW_ALL,
	},
	{
		.letters = "P",
		.name = "no-dereference",
		.kind = OPTION_VALUE,
		.commands = COMMAND_CP,
		.help = "never follow symbolic links in SOURCE",
		.offset = OPTION_FIELD(follow),
		.value = FOLLOW_NONE,
	},
	{
		.letters = "p",
		.kind = OPTION_ACTION,
		.commands = COMMAND_CP,
		.fallback = PRESERVE_DEFAULT,
		.help = "same as --preserve=" PRESERVE_DEFAULT,
		.choices = attribute_choices,
		.apply = set_preserve,
	},
	{
		.name = "preserve",
		.kind = OPTION_CUSTOM,
		.commands = COMMAND_CP,
		.metavar = "LIST",
		.fallback = PRESERVE_DEFAULT,
		.help = "keep these attributes of SOURCE (default: " PRESERVE_DEFAULT "); "
			"others are links, xattr, all",
		.choices = attribute_choices,
		.apply = set_preserve,
	},
	{
		.name = "no-preserve",
		.kind = OPTION_CUSTOM,
		.commands = COMMAND_CP,
		.metavar = "LIST",
		.help = "do not keep these attributes",
		.choices = attribute_choices,
		.apply = set_no_preserve,
	},
	{
		.letters = "Rr",
		.name = "recursive",
		.kind = OPTION_FLAG,
		.commands = COMMAND_CP,
		.help = "copy directories with everything in them",
		.offset = REQUEST_FIELD(options.recursive),
	},
	{
		.letters = "t",
		.name = "target-directory",
		.kind = OPTION_CUSTOM,
		.commands = COMMAND_CP | COMMAND_MV,
		.metavar = "DIRECTORY",
		.help = "copy all SOURCE operands into DIRECTORY",
		.names = NAMES_DIRECTORY,
		.apply = set_target_directory,
	},
	{
		.letters = "T",
		.name = "no-target-directory",
		.kind = OPTION_FLAG,
		.commands = COMMAND_CP | COMMAND_MV,
		.help = "treat DEST as a normal file",
		.offset = OPTION_FIELD(no_target_directory),
	},
	{
		.letters = "v",
		.name = "verbose",
		.kind = OPTION_FLAG,
		.commands = COMMAND_CP | COMMAND_RM | COMMAND_MV,
		.help = "tell what is done, a line for each file",
		.offset = REQUEST_FIELD(options.verbose),
	},
	{
		.letters = "x",
		.name = "one-file-system",
		.kind = OPTION_FLAG,
		.commands = COMMAND_CP,
		.help = "stay on the file system of each SOURCE",
		.offset = REQUEST_FIELD(options.one_file_system),
	},
	{
		.name = "progress",
		.kind = OPTION_CHOICE,
		.group = "haul's own options",
		.metavar = "WHEN",
		.fallback = "always",
		.help = "show a progress bar on standard error: auto (the default: on a terminal), "
			"always, never",
		.offset = REQUEST_FIELD(progress),
		.choices = progress_choices,
	},
	{
		.name = "json",
		.kind = OPTION_FLAG,
		.help = "write the job's events to standard output as JSON lines",
		.offset = REQUEST_FIELD(json),
	},
	{
		.name = "redis",
		.kind = OPTION_TEXT,
		.metavar = "URL",
		.help = "publish the job's events on Redis, as haul publish does",
		.offset = REQUEST_FIELD(redis),
	},
	{
		.name = "socketio",
		.kind = OPTION_TEXT,
		.metavar = "URL",
		.help = "emit the job's events to the clients of Socket.IO servers",
		.offset = REQUEST_FIELD(socketio),
	},
	{
		.name = "http",
		.kind = OPTION_TEXT,
		.metavar = "ADDRESS",
		.help = "serve a live page of the job on HOST:PORT, such as 127.0.0.1:8480",
		.offset = REQUEST_FIELD(http),
	},
	{
		.name = "http-token",
		.kind = OPTION_TEXT,
		.metavar = "FILE",
		.names = NAMES_FILE,
		.help = "let only those see the page who know the secret in FILE",
		.offset = REQUEST_FIELD(http_token),
	},
	{
		.name = "job",
		.kind = OPTION_CUSTOM,
		.metavar = "NAME",
		.help = "name the job; otherwise a name is made",
		.apply = set_job_name,
	},
	{
		.name = "durable",
		.kind = OPTION_FLAG,
		.commands = COMMAND_CP | COMMAND_MV,
		.help = "do not report success before everything is on the medium",
		.offset = REQUEST_FIELD(options.durable),
	},
	{
		.name = "journal",
		.kind = OPTION_TEXT,
		.commands = COMMAND_CP | COMMAND_MV,
		.metavar = "FILE",
		.help = "keep the journal for haul resume in FILE; the default is a file in "
			"~/.local/state/haul",
		.offset = REQUEST_FIELD(journal),
		.names = NAMES_FILE,
	},
	{
		.name = "checkpoint",
		.kind = OPTION_CUSTOM,
		.commands = COMMAND_CP | COMMAND_MV,
		.metavar = "SECONDS",
		.help = "make what was copied durable, and note it for haul resume, this often "
			"(default: 5; 0: never)",
		.apply = set_checkpoint,
	},
	{
		.name = "workers",
		.kind = OPTION_NUMBER,
		.metavar = "N",
		.help = "use N worker processes; the default is one for each CPU that may be used",
		.offset = REQUEST_FIELD(worker_count),
		.minimum = 1,
		.maximum = HAUL_LANES_MAX - 1,
	},
	{
		.name = "strategy",
		.kind = OPTION_CHOICE,
		.commands = COMMAND_CP | COMMAND_MV,
		.metavar = "HOW",
		.help = "how data is copied: auto (the default), reflink, range, direct, uring, "
			"plain",
		.offset = REQUEST_FIELD(options.strategy),
		.choices = strategy_choices,
	},
	{
		.name = "exclude",
		.kind = OPTION_CUSTOM,
		.commands = COMMAND_CP | COMMAND_RM,
		.metavar = "PATTERN",
		.help = "leave out what matches PATTERN, as rsync understands it; the first "
			"pattern "
			"that matches decides",
		.value = false,
		.apply = add_pattern,
	},
	{
		.name = "include",
		.kind = OPTION_CUSTOM,
		.commands = COMMAND_CP | COMMAND_RM,
		.metavar = "PATTERN",
		.help = "do not leave out what matches PATTERN",
		.value = true,
		.apply = add_pattern,
	},
	{
		.name = "help",
		.kind = OPTION_HELP,
		.group = "Other",
		.help = "show this help and exit",
	},
	{
		.name = "version",
		.kind = OPTION_VERSION,
		.help = "show the version and exit",
	},
	{.name = NULL},
};
