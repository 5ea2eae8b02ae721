/* SPDX-License-Identifier: MIT */
/* What the journal is told, and what an earlier run's has told. A job that can't keep a journal
 * runs without one. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "job/coordinator.h"
#include "job/footing.h"
#include "job/past.h"
#include "job/plan.h"
#include "job/sentry.h"
#include "job/state_directory.h"
#include "util/path.h"
#include "util/quote.h"

/* The coarsest time of any filesystem: what was changed so shortly before the job began may have
 * been changed again meanwhile without showing it. */
#define GRANULE_NS INT64_C(2000000000)

/* Fingerprints that go into one record. */
#define FILES_MAX 64

/* ---- beginning and end ---- */

static int begin_journal(struct job *job, const char *path)
{
	const struct job_request *request = job->request;
	char *directory = getcwd(NULL, 0);
	struct journal_story story = {
		.job = job->region.header->job,
		.directory = directory,
		.command = request->command,
		.argument = request->argument,
		.argument_count = request->argument_count,
		.umask = request->options.umask,
		.into_directory = plan_is_into_directory(job->plan),
		.salt = job->salt,
		.run = job->run,
		.started_ns = job->options.started_ns,
	};
	int fd, error = directory ? journal_open_file(path, true, &fd) : -errno;

	if (!error)
		error = journal_begin(&job->journal, fd, path, &story);
	free(directory);
	if (error)
		return error;
	error = footing_note(&job->journal, request, story.into_directory);
	if (error)
		journal_close(&job->journal);
	return error;
}

static bool refuse_file(struct job *job, const char *path, int error)
{
	char quoted[QUOTE_BYTES];

	diagnose(job, "cannot write the journal %s: %s", quote_name(path, quoted, sizeof(quoted)),
		error == -EEXIST ? "the file exists and is no journal" : strerror(-error));
	return false;
}

static bool begin_in_file(struct job *job, const char *path)
{
	char *directory = path_directory(path), *name = path_last(path);
	char *absolute = directory ? realpath(*directory ? directory : ".", NULL) : NULL;
	char *whole = absolute && name ? path_join(absolute, name) : NULL;
	int error = whole ? begin_journal(job, whole) : -errno;

	free(directory);
	free(name);
	free(absolute);
	free(whole);
	return error ? refuse_file(job, path, error) : true;
}

static void begin_in_state_directory(struct job *job)
{
	char path[STATE_PATH_BYTES];
	int error = state_journal_path(job->region.header->job, true, path);

	if (!error)
		error = begin_journal(job, path);
	job->journal_error = error;
}

/* Nothing is written then: not even to the journal. */
static bool stands_where_it_did(struct job *job)
{
	const struct journal_footing *missing;
	const char *strange = footing_find_strange(job->request, &missing);
	char quoted[QUOTE_BYTES];

	if (!strange)
		return true;
	diagnose(job,
		"cannot resume '%s': %s is not on the filesystem that it was on%s%s%s: "
		"mount that first",
		job->request->past->job, quote_name(strange, quoted, sizeof(quoted)),
		missing->uuid[0] ? " (UUID " : "", missing->uuid, missing->uuid[0] ? ")" : "");
	return false;
}

static bool go_on(struct job *job, struct past *past)
{
	char path[STATE_PATH_BYTES];
	int error;

	if (!stands_where_it_did(job))
		return false;
	snprintf(path, sizeof(path), "%s", past->path);
	error = journal_continue(&job->journal, past, job->run);
	return error ? refuse_file(job, path, error) : true;
}

static bool open_journal(struct job *job)
{
	if (job->request->past)
		return go_on(job, job->request->past);
	if (job->request->journal)
		return begin_in_file(job, job->request->journal);
	begin_in_state_directory(job);
	return true;
}

/* As `haul resume` takes it. */
static const char *resume_name(const struct job *job, char *quoted, size_t capacity)
{
	char path[STATE_PATH_BYTES];
	const char *name = job->region.header->job;

	if (!state_journal_path(name, false, path) && strcmp(path, job->journal.path) == 0)
		return name;
	return quote_name(job->journal.path, quoted, capacity);
}

/* What can be resumed. */
static bool keeps_journal(const struct job *job)
{
	bool writes = job->options.operation == JOB_COPY || job->options.operation == JOB_MOVE;

	return writes && !job->options.dry_run;
}

bool chronicle_open(struct job *job)
{
	char quoted[QUOTE_BYTES];

	if (!keeps_journal(job))
		return true;
	if (!open_journal(job))
		return false;
	if (job->journal.fd != JOURNAL_NO_FD)
		sentry_tell_resumable(job->orders, resume_name(job, quoted, sizeof(quoted)));
	return true;
}

void chronicle_tell_missing(struct job *job)
{
	if (!job->journal_error)
		return;
	notify(job, "no journal is kept, so this job can't be resumed: %s",
		strerror(-job->journal_error));
	job->journal_error = 0;
}

static bool is_worth_keeping(const struct job *job)
{
	if (job->stopping || job->fatal)
		return true;
	/* It would spare what is not as it was copied. */
	if (job->different)
		return false;
	/* Nor does a resume that fails take away what it could be tried again with. */
	return job->exit_status && (job->journal_tells || job->request->past);
}

void chronicle_close(struct job *job)
{
	char quoted[QUOTE_BYTES];

	if (job->stopping)
		chronicle_tell_missing(job);
	if (job->journal.fd == JOURNAL_NO_FD)
		return;
	if (!is_worth_keeping(job)) {
		journal_remove(&job->journal);
		return;
	}
	notify(job, "%s; to go on: haul resume %s",
		job->stopping ? "stopped before everything was done" : "not everything was done",
		resume_name(job, quoted, sizeof(quoted)));
	/* What is not written is not durable either. */
	(void)journal_flush(&job->journal);
	journal_close(&job->journal);
}

void chronicle_give_up(struct job *job, int error)
{
	notify(job, "cannot write the journal, so a resume won't know more than this: %s",
		strerror(-error));
	journal_close(&job->journal);
}

/* ---- fingerprints ---- */

void chronicle_root(struct job *job, struct root *root)
{
	if (!keeps_journal(job))
		return;
	checkpoint_watch(job, root->target_fd, root->target_device);
	/* Without one, its files are copied again. */
	if (fingerprint_roots(root->source_fd, root->target_fd, job->salt, &root->fingerprint))
		root->fingerprint = (struct fingerprint){0, 0};
}

static bool may_be_known(const struct job *job, const struct wire_entry *entry)
{
	return S_ISREG(entry->mode) && entry->changed_ns &&
	       entry->changed_ns < job->options.started_ns - GRANULE_NS;
}

bool chronicle_fingerprint(const struct job *job, const struct directory *directory,
	const struct wire_entry *entry, struct wire_text target,
	struct fingerprint *ret_fingerprint)
{
	const struct fingerprint *root = &directory->root->fingerprint;
	struct fingerprint whole;

	if ((!root->low && !root->high) || !may_be_known(job, entry) ||
		fingerprint_directory(directory, job->salt, &whole))
		return false;
	*ret_fingerprint = fingerprint_entry(whole, entry, target);
	return true;
}

bool chronicle_is_durable(const struct job *job, const struct directory *directory,
	const struct wire_entry *entry, struct wire_text target)
{
	const struct past *past = job->request->past;
	struct fingerprint fingerprint;

	return past && past->files.count &&
	       chronicle_fingerprint(job, directory, entry, target, &fingerprint) &&
	       fingerprint_set_has(&past->files, fingerprint);
}

/* ---- what is done ---- */

static bool entry_failed(const struct item *item, uint32_t index)
{
	for (uint32_t i = 0; i < item->failure_count; i++)
		if (item->failure[i].what.index == index)
			return true;
	return false;
}

static int add_files(struct job *job, const struct item *item)
{
	struct wire_view view = item_view(item);
	struct fingerprint directory, file[FILES_MAX];
	const struct wire_entry *entry;
	struct wire_text name, target;
	size_t count = 0;
	int error = 0;

	if (fingerprint_directory(item->directory, job->salt, &directory))
		return 0;
	while (!error && !wire_take_entry(&view, &entry, &name, &target)) {
		if (!may_be_known(job, entry) || entry_failed(item, entry->index) ||
			outcome_is_left(item, entry->index))
			continue;
		file[count++] = fingerprint_entry(directory, entry, target.bytes ? target : name);
		if (count < FILES_MAX)
			continue;
		error = journal_add_files(&job->journal, file, count);
		count = 0;
	}
	return count && !error ? journal_add_files(&job->journal, file, count) : error;
}

static int add_range(struct job *job, const struct item *item)
{
	struct journal_range range = {
		.file = item->large->fingerprint,
		.run = item->large->run,
		.offset = item->offset,
		.length = item->length,
	};

	if (!item->length || !item->large->known)
		return 0;
	item->large->recorded = true;
	return journal_add_range(&job->journal, &range);
}

static int add_item(struct job *job, const struct item *item)
{
	switch (item->type) {
	case WIRE_FILES:
		return add_files(job, item);
	case WIRE_RANGE:
		return item_failed(item) ? 0 : add_range(job, item);
	case WIRE_COMMIT:
		if (item->failure_count || !item->large->known || outcome_is_left(item, 0))
			return 0;
		return journal_add_files(&job->journal, &item->large->fingerprint, 1);
	default:
		return 0;
	}
}

void chronicle_item(struct job *job, const struct item *item)
{
	const struct root *root = item->directory->root;
	int error;

	/* What a stopping worker answers may be dropped work. */
	if (job->journal.fd == JOURNAL_NO_FD || job->stopping || root->phase != ROOT_COPYING ||
		(!root->fingerprint.low && !root->fingerprint.high))
		return;
	error = add_item(job, item);
	if (error)
		chronicle_give_up(job, error);
}

void chronicle_checkpoint(struct job *job, uint64_t covered_bytes, int64_t began_ns)
{
	int error;

	if (job->journal.fd == JOURNAL_NO_FD)
		return;
	error = journal_add_checkpoint(&job->journal, covered_bytes, began_ns);
	job->journal_tells = true;
	if (error)
		chronicle_give_up(job, error);
}

/* ---- sources that go ---- */

static void note_source(struct job *job, const char *path, const struct stat *inode)
{
	struct fingerprint source;
	int error;

	if (job->journal.fd == JOURNAL_NO_FD)
		return;
	error = fingerprint_source(path, inode, job->salt, &source);
	if (!error)
		error = journal_add_moved(&job->journal, source);
	if (error)
		chronicle_give_up(job, error);
}

static void flush(struct job *job)
{
	int error = job->journal.fd == JOURNAL_NO_FD ? 0 : journal_flush(&job->journal);

	if (error)
		chronicle_give_up(job, error);
}

static void note_remembered(struct job *job, const struct root *root)
{
	struct wire_view view = item_view(root->remembered);
	const struct wire_entry *entry;
	struct wire_text name, target;
	char *path;

	while (!wire_take_entry(&view, &entry, &name, &target)) {
		path = path_join(root->source_label, name.data);
		if (path)
			note_source(job, path, NULL);
		else
			job_out_of_memory(job);
		free(path);
	}
}

void chronicle_removal(struct job *job, const struct root *root)
{
	if (root->moved)
		note_source(job, root->moved, NULL);
	else
		note_remembered(job, root);
	flush(job);
}

void chronicle_rename(struct job *job, const struct source *source)
{
	note_source(job, source->path, &source->status);
	flush(job);
}

static bool was_noted(const struct job *job, const struct source *source, bool renamed)
{
	const struct past *past = job->request->past;
	struct fingerprint fingerprint;
	struct stat there;

	if (!past || !past->moved.count ||
		fstatat(source->target_fd, source->target_name, &there, AT_SYMLINK_NOFOLLOW))
		return false;
	return !fingerprint_source(
		       source->path, renamed ? &there : NULL, job->salt, &fingerprint) &&
	       fingerprint_set_has(&past->moved, fingerprint);
}

bool chronicle_was_renamed(const struct job *job, const struct source *source)
{
	return was_noted(job, source, true);
}

bool chronicle_was_moved(const struct job *job, const struct source *source)
{
	return was_noted(job, source, false) || was_noted(job, source, true);
}
