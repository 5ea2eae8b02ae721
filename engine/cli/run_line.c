/* SPDX-License-Identifier: MIT */
#include "cli/run_line.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/job_options.h"
#include "cli/serial_options.h"

/* A line as its command takes it. */
struct words {
	const struct run_line_place *place;
	unsigned number; /* of the line */
	int argc;
	char **argv; /* argv[0] is what messages begin with */
};

struct found {
	const char *name; /* that the line gives its job, or NULL */
	struct run_needs needs;
};

static int refuse(const struct words *words, const char *why)
{
	fprintf(stderr, "%s: %s\n", words->argv[0], why);
	return -EINVAL;
}

/* ---- cp, mv, rm and verify ---- */

static bool reads_input(const struct job_settings *settings)
{
	bool reads = settings->files_from && strcmp(settings->files_from, "-") == 0;

	for (size_t i = 0; i < settings->pattern_count; i++)
		reads |=
			settings->pattern[i].is_file && strcmp(settings->pattern[i].text, "-") == 0;
	return reads;
}

static int take_settings(const struct words *words, enum option_result result,
	struct job_settings *settings, struct found *found)
{
	const struct job_request *request = &settings->request;
	bool many_targets = settings->to_count, asks_input = reads_input(settings);

	job_settings_free(settings);
	if (result == OPTION_SHOWN)
		return refuse(words, "that is no job");
	if (result == OPTION_WRONG)
		return -EINVAL;
	if (asks_input)
		return refuse(words, "a job has no standard input to read a list from");
	if (request->checksums && strcmp(request->checksums, "-") == 0)
		return refuse(words, "a job has no standard input or output for checksums");
	if (many_targets)
		return refuse(words, "--to is for single commands: give each target a line");
	if (request->json || request->progress != JOB_PROGRESS_AUTO)
		return refuse(words, "--json and --progress are for all jobs together: give them "
				     "to haul run");
	found->name = request->name;
	found->needs = (struct run_needs){
		.path = request->sources,
		.path_count = request->source_count,
		.target = request->target,
		.renames = request->options.operation == JOB_MOVE,
		.takes = request->options.operation == JOB_MOVE ||
			 request->options.operation == JOB_REMOVE,
	};
	return 0;
}

static int examine_cp(const struct words *words, struct found *found)
{
	struct job_settings settings = {0};
	enum option_result result = cp_parse(words->argc, words->argv, true, &settings);

	return take_settings(words, result, &settings, found);
}

static int examine_mv(const struct words *words, struct found *found)
{
	struct job_settings settings = {0};
	enum option_result result = mv_parse(words->argc, words->argv, true, &settings);

	return take_settings(words, result, &settings, found);
}

static int examine_rm(const struct words *words, struct found *found)
{
	struct job_settings settings = {0};
	enum option_result result = rm_parse(words->argc, words->argv, true, &settings);

	return take_settings(words, result, &settings, found);
}

static int examine_verify(const struct words *words, struct found *found)
{
	struct job_settings settings = {0};
	enum option_result result = verify_parse(words->argc, words->argv, true, &settings);
	int error = take_settings(words, result, &settings, found);

	if (error || !settings.request.checksums)
		return error;
	/* A list is short: the disk is needed of what it names. */
	found->needs.path = NULL;
	found->needs.path_count = 0;
	if (!found->needs.target)
		found->needs.target = ".";
	return 0;
}

/* ---- serial ---- */

static int take_serial(
	const struct words *words, const struct option_set *table, struct found *found)
{
	struct option_set set = *table;
	struct serial_settings settings;
	int first, error;

	set.program = words->argv[0];
	set.quoted = true;
	switch (serial_settings_parse(&set, words->argc, words->argv, &settings, &first)) {
	case OPTION_SHOWN:
		return refuse(words, "that is no job");
	case OPTION_WRONG:
		return -EINVAL;
	case OPTION_READY:
		break;
	}
	error = serial_settings_finish(&settings, &set, words->argv + first, words->argc - first);
	if (error)
		return error;
	if (settings.json || settings.progress != JOB_PROGRESS_AUTO)
		return refuse(words, "--json and --progress are for all jobs together: give them "
				     "to haul run");
	/* A device that has a file keeps it; one that was received is on the medium. */
	*found = (struct found){
		.name = settings.job,
		.needs = {.port = settings.task.port, .lasts = true},
	};
	return 0;
}

static int examine_send(const struct words *words, struct found *found)
{
	return take_serial(words, &serial_send_options, found);
}

static int examine_receive(const struct words *words, struct found *found)
{
	return take_serial(words, &serial_receive_options, found);
}

/* ---- which of them ---- */

static const struct kind {
	const char *name, *verb; /* the verb is NULL where there are none */
	int (*examine)(const struct words *words, struct found *found);
} kinds[] = {
	{"cp", NULL, examine_cp},
	{"mv", NULL, examine_mv},
	{"rm", NULL, examine_rm},
	{"verify", NULL, examine_verify},
	{"serial", "send", examine_send},
	{"serial", "receive", examine_receive},
};

static const struct kind *find_kind(char **word, unsigned count)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct kind *kind = &kinds[i];

		if (count && strcmp(word[0], kind->name) == 0 &&
			(!kind->verb || (count > 1 && strcmp(word[1], kind->verb) == 0)))
			return kind;
	}
	return NULL;
}

static int refuse_command(const struct run_line_place *place, const struct jobfile_line *line,
	char **word, unsigned count)
{
	fprintf(stderr,
		"%s: %s:%u: '%s%s%s' is no job; jobs are cp, mv, rm, verify, serial send and "
		"serial receive\n",
		place->program, place->file, line->number, count ? word[0] : "haul",
		count > 1 && strcmp(word[0], "serial") == 0 ? " " : "",
		count > 1 && strcmp(word[0], "serial") == 0 ? word[1] : "");
	return -EINVAL;
}

/* Help would be shown in the middle of everything. */
static bool asks_for_help(char **word)
{
	for (; *word && strcmp(*word, "--") != 0; word++)
		if (strcmp(*word, "--help") == 0 || strcmp(*word, "--version") == 0)
			return true;
	return false;
}

/* "haul", command, [verb,] [--job, name,] and the rest. */
static int build_arguments(
	const struct kind *kind, char **word, unsigned count, bool named, struct run_job *job)
{
	unsigned verbs = kind->verb ? 2 : 1, used = 0;

	job->argument = calloc(count + 4, sizeof(*job->argument));
	if (!job->argument)
		return -ENOMEM;
	job->argument[used++] = (char *)"haul";
	for (unsigned i = 0; i < verbs; i++)
		job->argument[used++] = word[i];
	if (!named) {
		job->argument[used++] = (char *)"--job";
		job->argument[used++] = job->name;
	}
	memcpy(job->argument + used, word + verbs, (count - verbs) * sizeof(*word));
	return 0;
}

int run_line_examine(const struct run_line_place *place, const struct jobfile_line *line,
	struct run_job *ret_job)
{
	bool says_haul = strcmp(line->word[0], "haul") == 0;
	char **word = line->word + says_haul;
	unsigned count = line->word_count - says_haul, verbs;
	const struct kind *kind = find_kind(word, count);
	char title[512], *command;
	struct words words;
	struct found found = {0};
	int error;

	if (!kind)
		return refuse_command(place, line, word, count);
	verbs = kind->verb ? 2 : 1;
	command = word[verbs - 1];
	snprintf(title, sizeof(title), "%s: %.300s:%u: %s", place->program, place->file,
		line->number, command);
	words = (struct words){place, line->number, (int)(count - verbs + 1), word + verbs - 1};
	words.argv[0] = title;
	error = asks_for_help(word) ? refuse(&words, "that is no job")
				    : kind->examine(&words, &found);
	words.argv[0] = command;
	if (error)
		return error;
	*ret_job = (struct run_job){
		.number = line->number,
		.stage = line->stage,
		.needs = found.needs,
		.pidfd = -1,
		.channel = -1,
	};
	/* The run's name leaves room for any number, and a given one was looked at. */
	if (found.name)
		snprintf(ret_job->name, sizeof(ret_job->name), "%s", found.name);
	else
		snprintf(ret_job->name, sizeof(ret_job->name), "%.*s-%u", RUN_NAME_BYTES - 1,
			place->run, line->number);
	return build_arguments(kind, word, count, found.name != NULL, ret_job);
}

void run_line_resume(struct run_job *job)
{
	/* There is room: it had as many words at least. */
	job->argument[1] = (char *)"resume";
	job->argument[2] = job->name;
	job->argument[3] = NULL;
}

void run_line_free(struct run_job *job)
{
	free(job->argument);
	job->argument = NULL;
}
