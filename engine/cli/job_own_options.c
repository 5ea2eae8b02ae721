/* SPDX-License-Identifier: MIT */
/* The rows that GNU's programs don't have. */
#include "cli/job_actions.h"
#include "cli/job_choices.h"
#include "cli/job_options.h"
#include "haul/progress.h"

const struct option_row job_own_option_rows[] = {
	{
		.name = "progress",
		.kind = OPTION_CHOICE,
		.group = "haul's own options",
		.metavar = "WHEN",
		.fallback = "always",
		.help = "show a progress bar on standard error: auto (the default: on a terminal), "
			"always, never",
		.offset = REQUEST_FIELD(progress),
		.choices = job_progress_choices,
	},
	{
		.name = "json",
		.kind = OPTION_FLAG,
		.help = "write the job's events to standard output as JSON lines, and what else "
			"would go "
			"there to standard error",
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
		.apply = job_set_name,
	},
	{
		.name = "durable",
		.kind = OPTION_FLAG,
		.commands = COMMAND_CP | COMMAND_MV,
		.help = "do not report success before everything is on the medium; always so on "
			"removable devices",
		.offset = REQUEST_FIELD(options.durable),
	},
	{
		.name = "eject",
		.kind = OPTION_FLAG,
		.commands = COMMAND_CP | COMMAND_MV,
		.help = "at the end, unmount the file system of the destination, and say when its "
			"device may be pulled out; implies --durable",
		.offset = REQUEST_FIELD(eject),
	},
	{
		.name = "on-detach",
		.kind = OPTION_CHOICE,
		.commands = COMMAND_CP | COMMAND_MV,
		.metavar = "WHAT",
		.help = "when a device goes away or is unmounted: pause (the default: until it is "
			"back, wherever it is mounted then) or fail",
		.offset = REQUEST_FIELD(on_detach),
		.choices = job_detach_choices,
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
		.apply = job_set_checkpoint,
	},
	{
		.name = "to",
		.kind = OPTION_CUSTOM,
		.commands = COMMAND_CP,
		.metavar = "DIR",
		.help = "copy all SOURCE operands into DIR; given several times, into each, "
			"reading "
			"the sources once",
		.names = NAMES_DIRECTORY,
		.apply = job_add_target,
	},
	{
		.name = "limit",
		.kind = OPTION_CUSTOM,
		.commands = COMMAND_CP | COMMAND_MV,
		.metavar = "RATE",
		.help = "move no more than RATE bytes per second, all workers together: a number, "
			"also with a fraction, and K, M, G (powers of 1024) or kB, MB, GB (of "
			"1000)",
		.apply = job_set_limit,
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
		.choices = job_strategy_choices,
	},
	{
		.name = "explain",
		.kind = OPTION_FLAG,
		.commands = COMMAND_CP | COMMAND_MV,
		.help = "tell on standard error how data is copied, and why, for each kind of file "
			"and each pair of devices",
		.offset = REQUEST_FIELD(options.explain),
	},
	{
		.name = "exclude",
		.kind = OPTION_CUSTOM,
		.metavar = "PATTERN",
		.help = "leave out what matches PATTERN, as rsync understands it; the first "
			"pattern that matches decides",
		.value = 0,
		.apply = job_add_pattern,
	},
	{
		.name = "include",
		.kind = OPTION_CUSTOM,
		.metavar = "PATTERN",
		.help = "do not leave out what matches PATTERN",
		.value = JOB_PATTERN_INCLUDE,
		.apply = job_add_pattern,
	},
	{
		.name = "exclude-from",
		.kind = OPTION_CUSTOM,
		.metavar = "FILE",
		.names = NAMES_FILE,
		.help = "the same as --exclude with each line of FILE, or of standard input for -",
		.value = JOB_PATTERN_FILE,
		.apply = job_add_pattern,
	},
	{
		.name = "include-from",
		.kind = OPTION_CUSTOM,
		.metavar = "FILE",
		.names = NAMES_FILE,
		.help = "the same as --include with each line of FILE",
		.value = JOB_PATTERN_INCLUDE | JOB_PATTERN_FILE,
		.apply = job_add_pattern,
	},
	{
		.name = "files-from",
		.kind = OPTION_TEXT,
		.metavar = "FILE",
		.names = NAMES_FILE,
		.help = "take only what FILE, or standard input for -, lists: a path below the "
			"one SOURCE on each line",
		.offset = OPTION_FIELD(files_from),
	},
	{
		.letters = "0",
		.name = "from0",
		.kind = OPTION_FLAG,
		.help = "names in these files end with a NUL instead of a newline",
		.offset = OPTION_FIELD(from_nul),
	},
	{
		.name = "dry-run",
		.kind = OPTION_FLAG,
		.commands = COMMAND_CP | COMMAND_MV | COMMAND_RM,
		.help = "tell what would be done, a line for each file, and change nothing",
		.offset = REQUEST_FIELD(options.dry_run),
	},
	{.more = job_verify_rows},
};
