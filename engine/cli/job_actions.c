/* SPDX-License-Identifier: MIT */
#include "cli/job_actions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "haul/progress.h"
#include "util/parse.h"

#define CHECKPOINT_SECONDS_MAX 86400

/* With less, the pieces that take a moment would be of a few bytes. */
#define LIMIT_MIN 1024

static bool has_selinux(void)
{
	return !access("/sys/fs/selinux/enforce", F_OK);
}

int job_set_archive(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument)
{
	struct job_settings *job = settings;

	(void)set;
	(void)row;
	(void)argument;
	job->follow = FOLLOW_NONE;
	job->archive = true;
	job->request.options.preserve |= PRESERVE_EVERYTHING;
	return 0;
}

int job_set_links(void *settings, const struct option_set *set, const struct option_row *row,
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

int job_choose_list(const struct option_set *set, const struct option_row *row, const char *list,
	uint32_t *ret_bits)
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

int job_set_preserve(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument)
{
	struct job_settings *job = settings;
	uint32_t bits;
	int error = job_choose_list(set, row, argument, &bits);

	if (error)
		return error;
	if (bits == PRESERVE_CONTEXT && !has_selinux()) {
		option_error(
			set, "cannot preserve security context without an SELinux-enabled kernel");
		return -EINVAL;
	}
	job->request.options.preserve |= bits;
	return 0;
}

int job_set_no_preserve(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument)
{
	struct job_settings *job = settings;
	uint32_t bits;
	int error = job_choose_list(set, row, argument, &bits);

	if (error)
		return error;
	job->request.options.preserve &= ~bits;
	if (bits & PRESERVE_MODE)
		job->request.options.default_modes = true;
	return 0;
}

int job_set_target_directory(void *settings, const struct option_set *set,
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

int job_set_rm_force(void *settings, const struct option_set *set, const struct option_row *row,
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
int job_set_rm_prompt(void *settings, const struct option_set *set, const struct option_row *row,
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

int job_set_rm_preserve_root(void *settings, const struct option_set *set,
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

int job_add_pattern(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument)
{
	struct job_settings *job = settings;
	struct job_pattern *grown =
		realloc(job->pattern, (job->pattern_count + 1) * sizeof(*job->pattern));

	if (!grown) {
		option_error(set, "memory exhausted");
		return -EINVAL;
	}
	grown[job->pattern_count++] = (struct job_pattern){
		.include = row->value & JOB_PATTERN_INCLUDE,
		.is_file = row->value & JOB_PATTERN_FILE,
		.text = argument,
	};
	job->pattern = grown;
	return 0;
}

/* A job's name becomes a file's. */
int job_set_name(void *settings, const struct option_set *set, const struct option_row *row,
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

int job_add_target(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument)
{
	struct job_settings *job = settings;
	const char **grown = reallocarray(job->to, job->to_count + 1, sizeof(*grown));

	(void)row;
	if (!grown) {
		option_error(set, "memory exhausted");
		return -ENOMEM;
	}
	job->to = grown;
	grown[job->to_count++] = argument;
	return 0;
}

int job_set_limit(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument)
{
	struct job_settings *job = settings;
	uint64_t bytes;

	if (parse_size_decimal(argument, &bytes) || bytes < LIMIT_MIN) {
		option_wrong(set,
			"invalid argument '%s' for '--%s': bytes per second, such as 50M "
			"or 1.5G, and at least %d",
			argument, row->name, LIMIT_MIN);
		return -EINVAL;
	}
	job->request.options.limit = bytes;
	return 0;
}

int job_set_checkpoint(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument)
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

int job_set_make(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument)
{
	struct job_options *options = &((struct job_settings *)settings)->request.options;

	(void)argument;
	if (options->make && options->make != row->value) {
		option_wrong(set, "cannot make both hard and symbolic links");
		return -EINVAL;
	}
	options->make = row->value;
	return 0;
}

int job_set_backup(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument)
{
	struct job_settings *job = settings;

	(void)set;
	(void)row;
	job->backup = true;
	if (*argument)
		job->backup_control = argument;
	return 0;
}

int job_set_suffix(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument)
{
	struct job_settings *job = settings;

	(void)set;
	(void)row;
	job->backup = true;
	job->suffix = argument;
	return 0;
}

/* New files have their default context from the kernel. */
int job_set_context(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument)
{
	(void)settings;
	(void)row;
	if (*argument && has_selinux()) {
		option_error(set, "cannot set a security context: not supported");
		return -EINVAL;
	}
	if (*argument)
		option_error(
			set, "warning: ignoring --context; it requires an SELinux-enabled kernel");
	return 0;
}

int job_set_debug(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument)
{
	struct job_options *options = &((struct job_settings *)settings)->request.options;

	(void)set;
	(void)row;
	(void)argument;
	options->debug = true;
	options->verbose = true;
	return 0;
}
