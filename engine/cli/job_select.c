/* SPDX-License-Identifier: MIT */
/* What --exclude, --include and --files-from amount to. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/job_settings.h"
#include "haul/exit.h"
#include "util/name_file.h"
#include "util/quote.h"

struct taking {
	struct selection *selection;
	bool include;
};

static int take_rule(void *context, const char *rule)
{
	struct taking *taking = context;

	return selection_add(taking->selection, taking->include, rule);
}

static int take_name(void *context, const char *name)
{
	struct taking *taking = context;

	return name_list_add(&taking->selection->list, name);
}

static int refuse(const struct option_set *set, const char *what, const char *name, int error)
{
	char quoted[QUOTE_BYTES];

	if (!error)
		return 0;
	option_error(set, "cannot %s %s: %s", what, quote_name(name, quoted, sizeof(quoted)),
		strerror(-error));
	return -EINVAL;
}

static int add_pattern(struct job_settings *settings, const struct option_set *set,
	const struct job_pattern *pattern)
{
	struct taking taking = {&settings->selection, pattern->include};

	if (!pattern->is_file)
		return refuse(
			set, "use the pattern", pattern->text, take_rule(&taking, pattern->text));
	return refuse(set, "read the patterns in", pattern->text,
		name_file_read(pattern->text, settings->from_nul, take_rule, &taking));
}

/* Names are below the one source, whose content is what is looked at, and not its name. */
static int add_list(struct job_settings *settings, const struct option_set *set)
{
	struct job_request *request = &settings->request;
	struct taking taking = {.selection = &settings->selection};
	char quoted[QUOTE_BYTES];
	int error;

	if (request->source_count > 1) {
		option_wrong(set, "extra operand %s: --files-from goes with one source alone",
			quote_name(request->sources[1], quoted, sizeof(quoted)));
		return -EINVAL;
	}
	error = refuse(set, "read the list", settings->files_from,
		name_file_read(settings->files_from, settings->from_nul, take_name, &taking));
	if (!error)
		error = refuse(set, "read the list", settings->files_from,
			selection_settle(&settings->selection, request->sources[0]));
	if (error)
		return error;
	if (request->options.operation == JOB_REMOVE)
		return 0;
	if (asprintf(&settings->listed_source, "%s/.", request->sources[0]) < 0) {
		settings->listed_source = NULL;
		return refuse(set, "read the list", settings->files_from, -ENOMEM);
	}
	request->sources = &settings->listed_source;
	request->options.recursive = true;
	return 0;
}

/* Nothing is asked, since nothing happens. */
static void settle_dry_run(struct job_request *request)
{
	request->options.verbose = request->options.verbose || !request->json;
	request->options.by_entry = true;
	request->options.interactive = false;
	request->options.durable = false;
	request->eject = false;
	request->prompt = JOB_PROMPT_NEVER;
}

static int select_entries(struct job_settings *settings, const struct option_set *set)
{
	int error = 0;

	for (size_t i = 0; i < settings->pattern_count && !error; i++)
		error = add_pattern(settings, set, &settings->pattern[i]);
	if (!error && settings->files_from)
		error = add_list(settings, set);
	settings->request.selection = &settings->selection;
	if (settings->request.options.dry_run)
		settle_dry_run(&settings->request);
	/* What is left out must be told from what goes before anything goes. */
	if (selection_is_active(&settings->selection))
		settings->request.options.by_entry = true;
	return error;
}

void job_settings_free(struct job_settings *settings)
{
	selection_free(&settings->selection);
	free(settings->to);
	free(settings->pattern);
	free(settings->listed_source);
}

int job_settings_run(
	struct job_settings *settings, enum option_result parsed, const struct option_set *table)
{
	struct option_set set = *table;
	int status = parsed == OPTION_SHOWN ? HAUL_EXIT_OK : HAUL_EXIT_FAILED;

	set.program = settings->request.program;
	if (parsed == OPTION_READY && !select_entries(settings, &set))
		status = job_run(&settings->request);
	job_settings_free(settings);
	return status;
}
