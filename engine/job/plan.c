/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "job/coordinator.h"
#include "job/file_run.h"
#include "job/past.h"
#include "job/plan.h"
#include "util/fresh.h"
#include "util/path.h"

/* Sources are begun while less than this waits, so that ten thousand arguments don't need ten
 * thousand descriptors. */
#define ROOTS_MAX          32
#define ENTRIES_WANTED_MIN 4096

static bool refuse_target(struct job *job, const char *what, const char *target, int error)
{
	char quoted[QUOTE_BYTES];

	diagnose(job, "%s %s: %s", what, quote_name(target, quoted, sizeof(quoted)),
		strerror(error));
	return false;
}

static int open_directory(const char *path, int flags)
{
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC | flags);
}

/* Is there a directory to copy into? */
static bool find_target(struct job *job, struct plan *plan)
{
	const struct job_request *request = job->request;
	const char *what = request->target_is_directory ? "target directory" : "target";

	/* What an earlier run made of the destination must not change what it is. */
	if (!request->no_target_directory && (!request->past || request->past->into_directory))
		plan->target_fd = open_directory(request->target, 0);
	if (plan->target_fd >= 0) {
		plan->into_directory = true;
		return true;
	}
	plan->target_fd = AT_FDCWD;
	if (request->parents) {
		diagnose(job,
			"with --parents, the destination must be a directory\n"
			"Try '%s --help' for more information.",
			request->program);
		return false;
	}
	if (request->no_target_directory)
		return true;
	if (request->target_is_directory || request->source_count > 1)
		return refuse_target(job, what, request->target, errno);
	return true;
}

/* -bf of a file to its own name leaves it alone and makes the backup that it asks for. */
static bool back_up_to_itself(struct job *job, struct plan *plan)
{
	const struct job_request *request = job->request;
	char name[BACKUP_NAME_BYTES], *directory, *last;
	struct stat status;
	int fd, error;

	if (plan->into_directory || !job->options.backup || !job->options.force ||
		strcmp(request->sources[0], plan->target) != 0 ||
		fstatat(AT_FDCWD, plan->target, &status, 0) || !S_ISREG(status.st_mode))
		return true;
	directory = path_directory(plan->target);
	last = path_last(plan->target);
	fd = directory ? open_directory(*directory ? directory : ".", 0) : -1;
	error = fd < 0 || !last ? -errno
				: backup_name(fd, last, job->options.backup,
					  job->options.backup_suffix, name);
	if (fd >= 0)
		close(fd);
	free(plan->target);
	plan->target = error ? NULL : path_join(directory, name);
	free(directory);
	free(last);
	job->options.backup = BACKUP_NONE;
	return plan->target || refuse_target(job, "cannot backup", request->target, -error);
}

struct plan *plan_new(struct job *job)
{
	struct plan *plan = calloc(1, sizeof(*plan));

	if (!plan) {
		job_out_of_memory(job);
		return NULL;
	}
	plan->target_fd = AT_FDCWD;
	if (!job->request->target)
		return plan;
	plan->target = strdup(job->request->target);
	if (!plan->target) {
		free(plan);
		job_out_of_memory(job);
		return NULL;
	}
	if (find_target(job, plan) && back_up_to_itself(job, plan))
		return plan;
	plan_free(plan);
	return NULL;
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	if (plan->target_fd >= 0)
		close(plan->target_fd);
	claims_free(&plan->claims);
	free(plan->target);
	free(plan);
}

bool plan_is_into_directory(const struct plan *plan)
{
	return plan->into_directory;
}

bool plan_finished(const struct job *job)
{
	return job->plan->next >= job->request->source_count;
}

void plan_answered(struct job *job, bool yes)
{
	job->plan->answer = yes ? PLAN_AGREED : PLAN_REFUSED;
}

/* Two sources with one name: the second must not overwrite the first. */
static bool claim_target(struct job *job, const struct source *source, bool *ret_merge)
{
	bool directory = S_ISDIR(source->status.st_mode);
	mode_t first;
	int claimed = claims_add(&job->plan->claims, source->target, &source->status, &first);

	if (claimed > CLAIM_FIRST && job->options.backup && !directory)
		claimed = CLAIM_OTHER_SOURCE;

	*ret_merge = false;
	switch (claimed) {
	case CLAIM_FIRST:
		return true;
	case CLAIM_SAME_SOURCE:
		notify(job, "warning: source %s %s specified more than once",
			directory ? "directory" : "file", source->quoted);
		return false;
	case CLAIM_OTHER_SOURCE:
		*ret_merge = directory;
		if (directory || job->options.backup == BACKUP_NUMBERED)
			return true;
		if (S_ISLNK(first))
			diagnose(job, "will not copy %s through just-created symlink %s",
				source->quoted, source->target_quoted);
		else
			diagnose(job, "will not overwrite just-created %s with %s",
				source->target_quoted, source->quoted);
		return false;
	default:
		job_out_of_memory(job);
		return false;
	}
}

/* ---- a directory: a root of its own ---- */

/* As mkdirat, without doing it. */
static int rehearse_directory(const struct source *source)
{
	char *directory;
	struct stat there;
	int result;

	if (source->target_fd == PLAN_NO_FD)
		return 0;
	if (!fstatat(source->target_fd, source->target_name, &there, AT_SYMLINK_NOFOLLOW)) {
		errno = EEXIST;
		return -1;
	}
	directory = path_directory(source->target_name);
	result = directory ? faccessat(source->target_fd, *directory ? directory : ".", W_OK | X_OK,
				     AT_EACCESS)
			   : -1;
	free(directory);
	return result;
}

static bool make_target_directory(struct job *job, const struct source *source, bool *ret_created)
{
	int flags = job->options.keep_directory_symlink ? 0 : AT_SYMLINK_NOFOLLOW;
	struct stat there;

	*ret_created =
		!(job->options.dry_run ? rehearse_directory(source)
				       : mkdirat(source->target_fd, source->target_name, 0700));
	if (*ret_created)
		return true;
	if (errno != EEXIST) {
		diagnose(job, "cannot create directory %s: %s", source->target_quoted,
			strerror(errno));
		return false;
	}
	if (fstatat(source->target_fd, source->target_name, &there, flags) ||
		!S_ISDIR(there.st_mode)) {
		diagnose(job, "cannot overwrite non-directory %s with directory %s",
			source->target_quoted, source->quoted);
		return false;
	}
	/* An earlier run made it and came no further. */
	*ret_created = job->request->past && fresh_directory(source->target_fd, source->target_name,
						     flags, options_begun_ns(&job->options));
	return true;
}

/* As for rsync: "a" is transferred with its name, "a/" and "." are what is in it. */
static char *pattern_prefix(const char *path)
{
	size_t bytes = strlen(path);
	char *last = bytes && path[bytes - 1] == '/' ? NULL : path_last(path);

	if (last && strcmp(last, ".") == 0) {
		free(last);
		last = NULL;
	}
	return last;
}

static int add_tree(
	struct job *job, const struct source *source, int source_fd, int target_fd, bool created)
{
	char *label = plan_source_label(job, source->path);
	struct root *root;
	struct item *item;
	int error = -ENOMEM;

	if (label)
		error = root_add(
			&job->roots, source_fd, target_fd, label, source->target, false, &root);
	free(label);
	if (error)
		return error;
	root->created = created;
	root->prefix = pattern_prefix(source->path);
	chronicle_root(job, root);
	root->outer = job->plan->parents.innermost;
	if (root->outer)
		root->outer->pending++;
	root->moved = job->options.operation == JOB_MOVE ? strdup(source->path) : NULL;
	if (job->options.operation == JOB_MOVE && !root->moved)
		return -ENOMEM;
	item = item_new(WIRE_LIST, root->top);
	if (!item)
		return -ENOMEM;
	queue_push_front(&job->lists, item);
	return 0;
}

static void begin_tree(struct job *job, const struct source *source)
{
	int source_fd = open_directory(source->path, source->follow ? 0 : O_NOFOLLOW);
	int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
	int target_fd, error;
	bool created;

	if (source_fd < 0) {
		diagnose(job, "cannot access %s: %s", source->quoted, strerror(errno));
		return;
	}
	if (!make_target_directory(job, source, &created)) {
		close(source_fd);
		return;
	}
	if (!job->options.keep_directory_symlink)
		flags |= O_NOFOLLOW;
	target_fd = openat(source->target_fd, source->target_name, flags);
	if (target_fd < 0 && !(job->options.dry_run && created)) {
		diagnose(job, "cannot access %s: %s", source->target_quoted, strerror(errno));
		close(source_fd);
		return;
	}
	error = add_tree(job, source, source_fd, target_fd, created);
	if (error)
		diagnose(job, "cannot copy %s: %s", source->quoted, strerror(-error));
}

/* ---- a file: an entry of a root that it shares ---- */

static int open_target_parent(const struct source *source, const char *label)
{
	if (source->target_directory)
		return fcntl(source->target_fd, F_DUPFD_CLOEXEC, 0);
	return open_directory(*label ? label : ".", 0);
}

static void refuse_create(struct job *job, const struct source *source, int error)
{
	diagnose(job, "cannot create regular file %s: %s", source->target_quoted, strerror(error));
}

static bool run_for(
	struct job *job, struct file_run *run, const struct source *source, const char *directory)
{
	char *label;
	int target_fd, error;

	if (file_run_is(run, directory))
		return true;
	file_run_close(job, run);
	label = source->target_directory ? strdup(source->target_directory)
					 : path_directory(source->target);
	target_fd = label ? open_target_parent(source, label) : -1;
	if (target_fd < 0 && source->target_fd != PLAN_NO_FD) {
		refuse_create(job, source, errno);
		free(label);
		return false;
	}
	error = file_run_open(job, run, directory, target_fd, label);
	free(label);
	if (!error && job->plan->parents.innermost) {
		run->root->outer = job->plan->parents.innermost;
		run->root->outer->pending++;
	}
	if (error)
		diagnose(job, "cannot open %s for reading: %s", source->quoted, strerror(-error));
	return !error;
}

static void begin_file(struct job *job, struct file_run *run, const struct source *source)
{
	struct wire_entry entry;
	char *directory = path_directory(source->path);
	char *name = path_last(source->path);
	char *target = path_last(source->target);

	source_describe(source, job, &entry);
	if (!directory || !name || !target)
		job_out_of_memory(job);
	else if (run_for(job, run, source, directory)) {
		struct wire_text from = {name, strlen(name)};
		struct wire_text to = {target, strcmp(name, target) ? strlen(target) : 0};

		if (reply_add_entry(job, run->root->top, &entry, from, to, &run->batch))
			job_out_of_memory(job);
	}
	free(directory);
	free(name);
	free(target);
}

/* ---- any source ---- */

/* What the destination holds already must be of the right kind, and something else. */
static bool target_fits(struct job *job, const struct source *source)
{
	struct stat there;

	/* What is in the way of anything else is looked at when that is copied. */
	if (!S_ISDIR(source->status.st_mode))
		return true;
	if (fstatat(source->target_fd, source->target_name, &there, AT_SYMLINK_NOFOLLOW))
		return true;
	if (there.st_dev == source->status.st_dev && there.st_ino == source->status.st_ino) {
		diagnose(job, "%s and %s are the same file", source->quoted, source->target_quoted);
		return false;
	}
	return true;
}

static bool kind_supported(struct job *job, const struct source *source)
{
	mode_t mode = source->status.st_mode;
	size_t bytes = strlen(source->target);

	if (S_ISDIR(mode) && !job->options.recursive) {
		diagnose(job, "-r not specified; omitting directory %s", source->quoted);
		return false;
	}
	if (!S_ISDIR(mode) && bytes && source->target[bytes - 1] == '/') {
		refuse_create(job, source, ENOTDIR);
		return false;
	}
	return true;
}

static bool is_idle(const struct job *job, const struct file_run *run)
{
	return !run->root && dispatch_idle(job);
}

/* What is left out must stay: then a directory can't be renamed as a whole. */
static bool moves_piecemeal(const struct job *job, const struct source *source)
{
	return selection_is_active(job->request->selection) && S_ISDIR(source->status.st_mode);
}

static void begin_copy(struct job *job, struct source *source, struct file_run *run)
{
	if (S_ISDIR(source->status.st_mode))
		begin_tree(job, source);
	else
		begin_file(job, run, source);
}

/* False: not now, somebody must answer first. */
static bool begin_move(struct job *job, struct source *source, struct file_run *run)
{
	bool merge;

	if (!job->plan->answer && !claim_target(job, source, &merge))
		return true;
	switch (rename_source(job, source)) {
	case MOVE_COPIES:
		begin_copy(job, source, run);
		return true;
	case MOVE_WAITS:
		return false;
	default:
		return true;
	}
}

/* False: not now, an earlier source with the same destination is not finished yet, or somebody must
 * answer first. */
static bool begin_source(struct job *job, struct source *source, struct file_run *run)
{
	struct stat there;
	bool merge;

	if (!fstatat(source->target_fd, source->target_name, &there, AT_SYMLINK_NOFOLLOW) &&
		S_ISDIR(source->status.st_mode) &&
		root_table_of_target(&job->roots, there.st_dev, there.st_ino))
		return false;
	/* The last of several backups is to be of the source before the last. */
	if (job->options.backup == BACKUP_NUMBERED && !is_idle(job, run) &&
		claims_has(&job->plan->claims, source->target))
		return false;
	if (job->options.operation == JOB_MOVE && !moves_piecemeal(job, source))
		return begin_move(job, source, run);
	if (claim_target(job, source, &merge) && (merge || target_fits(job, source)))
		begin_copy(job, source, run);
	return true;
}

bool plan_selects(const struct job *job, const char *path, mode_t mode)
{
	char *name = path_last(path);
	bool selected = !name || strcmp(name, ".") == 0 ||
			selection_judge(job->request->selection, name, S_ISDIR(mode));

	free(name);
	return selected;
}

static bool plan_source(struct job *job, const char *path, struct file_run *run)
{
	struct source source = {.path = path};
	bool begun = true;
	int error;

	quote_name(path, source.quoted, sizeof(source.quoted));
	error = source_look(&source, job);
	if (error == -ENOENT && source_was_moved(&source, job))
		return true;
	if (error && absence_explains(job, -error))
		return false;
	if (error) {
		diagnose(job, "cannot stat %s: %s", source.quoted, strerror(-error));
		return true;
	}
	if (job->request->parents && !parents_open(job, &job->plan->parents, path))
		return true;
	if (source_name_target(&source, job->plan))
		job_out_of_memory(job);
	else if (plan_selects(job, path, source.status.st_mode) && kind_supported(job, &source))
		begun = begin_source(job, &source, run);
	source_clear(&source);
	return begun;
}

static bool begin_next(struct job *job, struct file_run *run)
{
	const char *path = job->request->sources[job->plan->next];
	char *stripped;
	bool begun;

	if (job->options.operation == JOB_REMOVE) {
		remove_source(job, path, run);
		return true;
	}
	if (job->options.operation == JOB_VERIFY) {
		compare_source(job, path, run);
		return true;
	}
	if (!job->request->strip_slashes)
		return plan_source(job, path, run);
	stripped = path_stripped(path);
	begun = !stripped || plan_source(job, stripped, run);
	free(stripped);
	return begun;
}

static bool wants_more(const struct job *job)
{
	return job->roots.count - job->roots.held < ROOTS_MAX &&
	       job->work.entries < ENTRIES_WANTED_MIN && job->plan->answer != PLAN_ASKED;
}

void plan_advance(struct job *job)
{
	struct file_run run = {0};

	while (!plan_finished(job) && !job->fatal && wants_more(job) && begin_next(job, &run)) {
		job->plan->next++;
		job->plan->answer = PLAN_NOT_ASKED;
	}
	file_run_close(job, &run);
	parents_close(job, &job->plan->parents);
	move_release(job);
}
