/* SPDX-License-Identifier: MIT */
#include "cli/job_settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/job_choices.h"
#include "job/past.h"
#include "publisher/http.h"
#include "publisher/redis.h"
#include "util/quote.h"

/* GNU's cp follows links unless it copies directories, or is told. */
static void settle_follow(struct job_settings *settings)
{
	struct job_request *request = &settings->request;
	unsigned follow = settings->follow;

	if (follow == FOLLOW_DEFAULT)
		follow = request->options.recursive && request->options.make != MAKE_HARD_LINK
				 ? FOLLOW_NONE
				 : FOLLOW_ALL;
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

/* The first target stands for all: sources are looked at as for any directory. */
static int settle_targets(struct job_settings *settings, const struct option_set *set)
{
	if (!settings->to_count)
		return 0;
	if (settings->target_directory || settings->no_target_directory) {
		option_wrong(set, "cannot combine --to with --target-directory (-t) and "
				  "--no-target-directory (-T)");
		return -EINVAL;
	}
	settings->target_directory = settings->to[0];
	return 0;
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

/* ---- where events go ---- */

static const char *publishing_reason(int error)
{
	switch (error) {
	case -EINVAL:
		return "no such address or token";
	case -EADDRNOTAVAIL:
		return "no such host or port";
	case -EPROTONOSUPPORT:
		return "TLS is not supported";
	case -EACCES:
		return "an address beyond this machine needs --http-token";
	case -EPERM:
		return "others may read the token's file";
	case -ENOSYS:
		return "this program was built without what it needs";
	default:
		return strerror(-error);
	}
}

static int refuse_publishing(
	const struct option_set *set, const char *option, const char *argument, int error)
{
	char quoted[QUOTE_BYTES];

	if (!error)
		return 0;
	option_error(set, "cannot publish to --%s=%s: %s", option,
		quote_name(argument, quoted, sizeof(quoted)), publishing_reason(error));
	return -EINVAL;
}

int job_settings_check_publishing(const struct job_settings *settings, const struct option_set *set)
{
	const struct job_request *request = &settings->request;
	int error = 0;

	if (request->past)
		return 0;
	if (request->redis)
		error = refuse_publishing(
			set, "redis", request->redis, redis_check(request->redis));
	if (!error && request->socketio)
		error = refuse_publishing(
			set, "socketio", request->socketio, redis_check(request->socketio));
	if (!error && request->http)
		error = refuse_publishing(
			set, "http", request->http, http_check(request->http, request->http_token));
	return error;
}

/* ---- backups ---- */

static void choose_suffix(const struct job_settings *settings, char *ret_suffix)
{
	const char *suffix = settings->suffix ? settings->suffix : getenv("SIMPLE_BACKUP_SUFFIX");

	if (!suffix || !*suffix || strchr(suffix, '/') || strlen(suffix) >= BACKUP_SUFFIX_BYTES)
		suffix = "~";
	strcpy(ret_suffix, suffix);
}

/* As a row, so that what is wrong with it is said in the same words. */
static int choose_backup(const struct job_settings *settings, const struct option_set *set)
{
	struct option_row row = {.name = "backup", .choices = job_backup_choices};
	const char *control = settings->backup_control;

	if (!control) {
		control = getenv("VERSION_CONTROL");
		row.title = "$VERSION_CONTROL";
	} else {
		row.title = "backup type";
	}
	if (!control || !*control)
		return BACKUP_EXISTING;
	return option_choose(set, &row, control, strlen(control));
}

static int settle_backup(struct job_settings *settings, const struct option_set *set)
{
	struct job_options *options = &settings->request.options;
	int backup;

	if (!settings->backup)
		return 0;
	if (options->update == UPDATE_NONE || options->update == UPDATE_NONE_FAIL) {
		option_wrong(set, "options --backup and --no-clobber are mutually exclusive");
		return -EINVAL;
	}
	if (options->exchange) {
		option_wrong(set, "options --backup and --exchange are mutually exclusive");
		return -EINVAL;
	}
	backup = choose_backup(settings, set);
	if (backup < 0)
		return backup;
	options->backup = (uint32_t)backup;
	choose_suffix(settings, options->backup_suffix);
	return 0;
}

static int settle_existing(struct job_settings *settings, const struct option_set *set)
{
	struct job_options *options = &settings->request.options;

	if (options->reflink == REFLINK_ALWAYS && options->sparse != SPARSE_AUTO) {
		option_wrong(set, "--reflink can be used only with --sparse=auto");
		return -EINVAL;
	}
	/* Files that share blocks share holes. */
	if (options->sparse == SPARSE_NEVER)
		options->reflink = REFLINK_NEVER;
	options->interactive = settings->existing == EXISTING_ASK;
	settings->request.ask_protected =
		settings->existing == EXISTING_OVERWRITE && isatty(STDIN_FILENO);
	if (settings->existing == EXISTING_SKIP)
		options->update = UPDATE_NONE;
	return settle_backup(settings, set);
}

static int settle_verification(struct job_settings *settings, const struct option_set *set)
{
	struct job_request *request = &settings->request;
	struct job_options *options = &request->options;

	options->verify &= !options->dry_run;
	options->sums = options->verify || (request->checksums && !options->dry_run);
	if (!request->checksums || strcmp(request->checksums, "-") != 0 ||
		(!request->json && !options->verbose))
		return 0;
	option_wrong(set, "cannot combine --checksums=- with %s: both write to standard output",
		request->json ? "--json" : "--verbose");
	return -EINVAL;
}

int job_settings_finish(struct job_settings *settings, const struct option_set *set, char **operand,
	int operand_count)
{
	mode_t mask;
	int error = settle_targets(settings, set);

	if (!error)
		error = check_operands(settings, set, operand, operand_count);
	if (!error)
		error = job_settings_check_publishing(settings, set);
	if (!error)
		error = settle_existing(settings, set);
	if (!error)
		error = settle_verification(settings, set);
	if (error)
		return error;
	settings->request.options.durable |= settings->request.eject;
	settings->selection.list.recursive = settings->request.options.recursive;
	settings->request.options.recursive |= settings->archive;
	settle_follow(settings);
	set_target(settings, operand, operand_count);
	/* The mask can't be read without being set. */
	mask = umask(0);
	umask(mask);
	settings->request.options.umask = mask;
	settings->request.options.copy_special =
		settings->request.options.recursive && !settings->copy_contents;
	return 0;
}
