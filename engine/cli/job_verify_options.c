/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "cli/job_actions.h"
#include "cli/job_options.h"

/* Bits beside those of enum preserve. */
#define IGNORE_CONTENT (1u << 16)
#define IGNORE_METADATA                                                                            \
	(PRESERVE_MODE | PRESERVE_OWNER | PRESERVE_TIMES | PRESERVE_LINKS | PRESERVE_XATTR)

static const struct option_choice ignore_choices[] = {
	{"content", IGNORE_CONTENT},
	{"mode", PRESERVE_MODE},
	{"ownership", PRESERVE_OWNER},
	{"timestamps", PRESERVE_TIMES},
	{"links", PRESERVE_LINKS},
	{"xattr", PRESERVE_XATTR},
	{"metadata", IGNORE_METADATA},
	{NULL, 0},
};

static int ignore(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument)
{
	struct job_options *options = &((struct job_settings *)settings)->request.options;
	uint32_t bits;
	int error = job_choose_list(set, row, argument, &bits);

	if (error)
		return error;
	options->preserve &= ~bits;
	options->attributes_only = options->attributes_only || bits & IGNORE_CONTENT;
	return 0;
}

const struct option_row job_verify_rows[] = {
	{
		.name = "verify",
		.kind = OPTION_FLAG,
		.commands = COMMAND_CP | COMMAND_MV,
		.group = "Verification",
		.help = "read back from the medium what was copied, when it is durable, and say "
			"what is not as it was read from SOURCE; a move removes nothing that is "
			"not",
		.offset = offsetof(struct job_settings, request.options.verify),
	},
	{
		.name = "checksums",
		.kind = OPTION_TEXT,
		.commands = COMMAND_CP | COMMAND_MV,
		.metavar = "FILE",
		.group = "Verification",
		.help = "write the checksum (XXH128) and the name of each copy to FILE ('-': "
			"standard output), for haul verify and xxhsum -c",
		.offset = offsetof(struct job_settings, request.checksums),
		.names = NAMES_FILE,
	},
	{
		.name = "checksums",
		.kind = OPTION_TEXT,
		.commands = COMMAND_VERIFY,
		.metavar = "FILE",
		.group = "Verification",
		.help = "compare files with the checksums in FILE ('-': standard input); names are "
			"relative to DIR, or to the working directory",
		.offset = offsetof(struct job_settings, request.checksums),
		.names = NAMES_FILE,
	},
	{
		.name = "content-only",
		.kind = OPTION_ACTION,
		.commands = COMMAND_VERIFY,
		.group = "Verification",
		.fallback = "metadata",
		.help = "compare names, types and contents, and nothing else",
		.choices = ignore_choices,
		.apply = ignore,
	},
	{
		.name = "ignore",
		.kind = OPTION_CUSTOM,
		.commands = COMMAND_VERIFY,
		.metavar = "LIST",
		.help = "do not compare these: content (sizes are compared still), mode, "
			"ownership, timestamps, links (which names share an inode), xattr, "
			"metadata (all of them but content)",
		.choices = ignore_choices,
		.apply = ignore,
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
