/* SPDX-License-Identifier: MIT */
/*
 * Command lines. The first byte chooses the command, and the rest is its arguments, a line each.
 * What is accepted is completed to a job, as if it were about to be run.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/job_settings.h"

#define ARGUMENTS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static const struct option_set *const sets[] = {&cp_options, &mv_options, &rm_options,
	&jobs_options, &pause_options, &resume_options, &cancel_options};

#define JOB_SETS 3 /* that fill in struct job_settings */

static int split(char *text, char **ret_argument)
{
	int count = 0;

	ret_argument[count++] = (char *)"haul";
	for (char *at = strtok(text, "\n"); at && count < ARGUMENTS_MAX; at = strtok(NULL, "\n"))
		ret_argument[count++] = at;
	ret_argument[count] = NULL;
	return count;
}

static void parse_job(const struct option_set *set, int count, char **argument, const char *text)
{
	struct job_settings settings = {.request = {.program = "haul"}};
	int first;

	settings.request.options.operation = set == &cp_options   ? JOB_COPY
					     : set == &mv_options ? JOB_MOVE
								  : JOB_REMOVE;
	if (option_parse(set, count, argument, &settings, &first) == OPTION_READY) {
		job_settings_note_arguments(&settings, set, count, argument);
		/* A list of files could be read from a device. */
		if (set != &rm_options && !memchr(text, '/', strlen(text)))
			(void)job_settings_finish(&settings, set, argument + first, count - first);
	}
	job_settings_free(&settings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	char *argument[ARGUMENTS_MAX + 1], *text, *whole;
	const struct option_set *set;
	int unused[64] = {0}, first, count;

	if (!bytes)
		return 0;
	set = sets[data[0] % (sizeof(sets) / sizeof(sets[0]))];
	text = strndup((const char *)data + 1, bytes - 1);
	whole = text ? strdup(text) : NULL;
	if (!whole)
		abort();
	count = split(text, argument);
	if (data[0] % (sizeof(sets) / sizeof(sets[0])) < JOB_SETS)
		parse_job(set, count, argument, whole);
	else
		(void)option_parse(set, count, argument, unused, &first);
	free(text);
	free(whole);
	return 0;
}
