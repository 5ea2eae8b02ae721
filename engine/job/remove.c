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
#include "job/names.h"
#include "job/plan.h"
#include "util/empty.h"
#include "util/file_kind.h"
#include "util/path.h"
#include "util/quote.h"

/* A directory that others keep filling is looked through this often. */
#define RELISTS_MAX 10

static const struct wire_text no_text = {"", 0};

/* ---- what the command line names ---- */

static bool is_dots(const char *path)
{
	char *stripped = path_stripped(path);
	const char *slash = stripped ? strrchr(stripped, '/') : NULL;
	const char *last = slash ? slash + 1 : stripped;
	bool dots = last && (!strcmp(last, ".") || !strcmp(last, ".."));

	free(stripped);
	return dots;
}

static bool is_system_root(const struct stat *status)
{
	struct stat root;

	return !lstat("/", &root) && root.st_dev == status->st_dev && root.st_ino == status->st_ino;
}

/* Has another device than the directory it is in. */
static bool is_mount_point(const char *path, const struct stat *status)
{
	char *parent_path = path_join(path, "..");
	struct stat parent;
	bool mounted =
		parent_path && !lstat(parent_path, &parent) && parent.st_dev != status->st_dev;

	free(parent_path);
	return mounted;
}

static bool refuse(struct job *job, const char *quoted, int error)
{
	diagnose(job, "cannot remove %s: %s", quoted, strerror(error));
	return false;
}

static bool directory_may_go(
	struct job *job, const char *path, const char *quoted, const struct stat *status)
{
	const struct job_request *request = job->request;

	if (!job->options.recursive)
		return job->options.directories ? true : refuse(job, quoted, EISDIR);
	if (!request->remove_system_root && is_system_root(status)) {
		diagnose(job, "it is dangerous to operate recursively on %s%s", quoted,
			strcmp(path, "/") ? " (same as '/')" : "");
		diagnose(job, "use --no-preserve-root to override this failsafe");
		return false;
	}
	if (request->preserve_mounts && is_mount_point(path, status)) {
		diagnose(job, "skipping %s, since it's on a different device", quoted);
		diagnose(job, "and --preserve-root=all is in effect");
		return false;
	}
	return true;
}

/* A slash at the end asks for a directory, and not for one behind a link. */
static int stat_named(const char *path, const char *stripped, struct stat *ret_status)
{
	if (!*path)
		return -ENOENT;
	if (lstat(stripped, ret_status))
		return -errno;
	if (strlen(path) > strlen(stripped) && !S_ISDIR(ret_status->st_mode))
		return -ENOTDIR;
	return 0;
}

static bool may_go(struct job *job, const char *path, const char *stripped, struct stat *ret_status)
{
	char quoted[QUOTE_BYTES];
	int error;

	quote_name(path, quoted, sizeof(quoted));
	if (is_dots(path)) {
		diagnose(job, "refusing to remove '.' or '..' directory: skipping %s", quoted);
		return false;
	}
	error = stat_named(path, stripped, ret_status);
	if (error && job->options.force && (error == -ENOENT || error == -ENOTDIR))
		return false;
	if (error)
		return refuse(job, quoted, -error);
	if (!plan_selects(job, stripped, ret_status->st_mode))
		return false;
	return !S_ISDIR(ret_status->st_mode) || directory_may_go(job, path, quoted, ret_status);
}

/* ---- asking ---- */

/* Does this have to be asked about? */
static bool must_ask(const struct job *job, uint16_t flags)
{
	if (job->options.operation != JOB_REMOVE)
		return false;
	return job->request->prompt == JOB_PROMPT_ALWAYS ||
	       (job->request->ask_protected && (flags & ENTRY_PROTECTED));
}

static const char *kind_words(const struct wire_entry *entry)
{
	return S_ISREG(entry->mode) && !entry->bytes ? "regular empty file"
						     : file_kind(entry->mode);
}

static int ask(struct job *job, struct item *item, struct wire_text name, const char *verb,
	uint16_t flags, const char *kind)
{
	struct names *names = malloc(sizeof(*names));
	int error = -ENOMEM;

	if (names) {
		names_fill(names, item->directory, name, no_text);
		error = question_add(job, item, "%s %s%s %s? ", verb,
			flags & ENTRY_PROTECTED ? "write-protected " : "", kind,
			names->source_quoted);
	}
	free(names);
	return error;
}

/* There is nothing to descend into; -d tries to remove it all the same. */
static int skip_unreadable(struct job *job, struct item *item)
{
	struct directory *directory = item->directory;

	if (!job->options.directories) {
		diagnose_entry(job, directory, no_text, no_text, OPERATION_REMOVE, EACCES);
		directory->kept = true;
	}
	item_free(item);
	settle_directory(job, directory);
	return 0;
}

/* An empty directory is asked about once, when it is to go. */
static int ask_to_descend(struct job *job, struct item *item, uint16_t flags)
{
	struct directory *directory = item->directory;

	directory->ask = must_ask(job, flags);
	if (directory->ask && flags & ENTRY_UNREADABLE)
		return skip_unreadable(job, item);
	if (directory->ask && !(flags & ENTRY_EMPTY))
		return ask(job, item, no_text, "descend into", flags, "directory");
	queue_push_front(&job->lists, item);
	return 0;
}

static int ask_about_entry(struct job *job, struct directory *directory,
	const struct wire_entry *entry, struct wire_text name)
{
	struct item *item = item_new(WIRE_FILES, directory);
	int error = item ? item_add_entry(item, entry, name, no_text) : -ENOMEM;

	if (error) {
		item_free(item);
		return error;
	}
	if (directory->virtual)
		item->telling = telling_hold(job->tellings.current);
	return ask(job, item, name, "remove", entry->flags, kind_words(entry));
}

int remove_finish(struct job *job, struct item *item)
{
	struct directory *directory = item->directory;

	if (directory->ask && directory->flags & ENTRY_UNREADABLE)
		return ask(job, item, no_text, "attempt removal of", 0, "inaccessible directory");
	if (directory->ask)
		return ask(job, item, no_text, "remove", directory->flags, "directory");
	queue_push_front(&job->work, item);
	return 0;
}

/* ---- beginning ---- */

static int begin_directory(struct job *job, struct directory *parent, struct wire_text name,
	uint16_t flags, bool recursive)
{
	struct directory *directory = directory_new(parent->root, parent, name.data, name.bytes);
	struct item *item;

	if (!directory)
		return -ENOMEM;
	if (parent->virtual)
		directory->telling = telling_hold(job->tellings.current);
	directory->listed = true;
	directory->flags = flags;
	if (!recursive) {
		directory->ask = must_ask(job, flags);
		settle_directory(job, directory);
		return 0;
	}
	item = item_new(WIRE_LIST, directory);
	if (!item)
		return -ENOMEM;
	return ask_to_descend(job, item, flags);
}

/* What only leads to what is removed stays itself. */
static int pass_through(struct job *job, struct directory *parent, struct wire_text name)
{
	struct directory *directory = directory_new(parent->root, parent, name.data, name.bytes);
	struct item *item = directory ? item_new(WIRE_LIST, directory) : NULL;

	if (!item) {
		directory_free(directory);
		return -ENOMEM;
	}
	directory->listed = true;
	directory->kept = true;
	queue_push_front(&job->lists, item);
	return 0;
}

int remove_add_directory(struct job *job, struct directory *parent, const struct wire_entry *entry,
	struct wire_text name, enum selection_verdict verdict)
{
	bool recursive = job->options.recursive || job->options.operation == JOB_MOVE;

	if (job->options.one_file_system && entry->device != parent->root->source_device) {
		diagnose_entry(job, parent, name, no_text, OPERATION_OTHER_DEVICE, EXDEV);
		parent->kept = true;
		return 0;
	}
	if (verdict == SELECTION_ON_THE_WAY)
		return pass_through(job, parent, name);
	if (!recursive && !job->options.directories) {
		diagnose_entry(job, parent, name, no_text, OPERATION_REMOVE, EISDIR);
		parent->kept = true;
		return 0;
	}
	return begin_directory(job, parent, name, entry->flags, recursive);
}

int remove_add_entry(struct job *job, struct directory *directory, const struct wire_entry *entry,
	struct wire_text name, struct item **batch)
{
	/* What was moved was planned as a copy. */
	if (job->options.operation == JOB_REMOVE)
		lane_add(&job->lane, HAUL_FILES_PLANNED, 1);
	if (must_ask(job, entry->flags))
		return ask_about_entry(job, directory, entry, name);
	return settle_copy_entry(job, directory, entry, name, no_text, batch);
}

/* What somebody is asked about it depends on these. */
static uint16_t named_flags(const struct job *job, const char *path, const struct stat *status)
{
	uint16_t flags =
		S_ISDIR(status->st_mode) && path[strlen(path) - 1] == '/' ? ENTRY_SLASH : 0;

	if (!job->options.by_entry)
		return flags;
	if (!S_ISLNK(status->st_mode) && faccessat(AT_FDCWD, path, W_OK, AT_EACCESS))
		flags |= ENTRY_PROTECTED;
	if (S_ISDIR(status->st_mode))
		flags |= entry_emptiness(empty_directory(AT_FDCWD, path));
	return flags;
}

static int begin_entry(struct job *job, struct file_run *run, const struct stat *status,
	const char *path, const char *name)
{
	struct wire_entry entry = {
		.inode = status->st_ino,
		.device = status->st_dev,
		.mode = status->st_mode,
		.bytes = (uint64_t)status->st_size,
		.flags = named_flags(job, path, status),
	};
	struct wire_text text = {name, strlen(name)};

	if (S_ISDIR(status->st_mode))
		return begin_directory(
			job, run->root->top, text, entry.flags, job->options.recursive);
	return remove_add_entry(job, run->root->top, &entry, text, &run->batch);
}

bool remove_is_agreed(struct job *job)
{
	const struct job_request *request = job->request;
	bool recursive = job->options.recursive;
	char text[128];

	if (job->options.operation != JOB_REMOVE || request->prompt != JOB_PROMPT_ONCE)
		return true;
	if (!recursive && request->source_count <= 3)
		return true;
	snprintf(text, sizeof(text), "remove %u argument%s%s? ", request->source_count,
		request->source_count == 1 ? "" : "s", recursive ? " recursively" : "");
	return question_ask_now(job, text);
}

static int open_run(struct job *job, struct file_run *run, const char *directory)
{
	int target_fd;

	if (file_run_is(run, directory))
		return 0;
	file_run_close(job, run);
	target_fd = open(*directory ? directory : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (target_fd < 0)
		return -errno;
	return file_run_open(job, run, directory, target_fd, directory);
}

/* Of this directory, which stays, only what is listed goes. */
static void remove_listed_below(struct job *job, const char *path, struct file_run *run)
{
	int error = open_run(job, run, path);
	struct item *item = error ? NULL : item_new(WIRE_LIST, run->root->top);
	char quoted[QUOTE_BYTES];

	if (error)
		refuse(job, quote_name(path, quoted, sizeof(quoted)), -error);
	else if (!item)
		job_out_of_memory(job);
	else
		queue_push_front(&job->lists, item);
}

/* What is said about files in a row, and about nothing else, is said together. */
static void take_turn(struct job *job, struct file_run *run, mode_t mode)
{
	if (run->batch && run->batch->telling && !S_ISDIR(mode))
		job->tellings.current = run->batch->telling;
	else
		run->batch = NULL;
}

void remove_source(struct job *job, const char *path, struct file_run *run)
{
	struct telling *telling = telling_begin(&job->tellings);
	char *stripped = path_stripped(path);
	char *directory = stripped ? path_directory(stripped) : NULL;
	char *name = stripped ? path_last(stripped) : NULL;
	char quoted[QUOTE_BYTES];
	struct stat status;
	int error = 0;

	if (!directory || !name)
		job_out_of_memory(job);
	else if (job->request->selection->listed)
		remove_listed_below(job, path, run);
	else if (may_go(job, path, stripped, &status)) {
		error = open_run(job, run, directory);
		take_turn(job, run, status.st_mode);
		if (!error)
			error = begin_entry(job, run, &status, path, name);
	} else {
		run->batch = NULL;
	}
	if (error)
		refuse(job, quote_name(path, quoted, sizeof(quoted)), -error);
	free(stripped);
	free(directory);
	free(name);
	job->tellings.current = NULL;
	telling_release(&job->tellings, telling);
}

/* ---- what workers answer ---- */

static bool list_again(struct job *job, struct directory *directory)
{
	struct item *item;

	if (directory->relists++ >= RELISTS_MAX || directory->list_error)
		return false;
	item = item_new(WIRE_LIST, directory);
	if (!item) {
		job_out_of_memory(job);
		return true;
	}
	directory->finished = false;
	queue_push_front(&job->lists, item);
	return true;
}

bool remove_explains(
	struct job *job, struct item *item, const struct wire_failure *what, struct wire_text name)
{
	struct directory *directory = item->directory;
	bool not_empty = what->error == ENOTEMPTY || what->error == EEXIST;

	/* It was left alone, or could not be moved: what there was to say was said then. */
	if (what->operation == OPERATION_NOT_MOVED && what->error == EEXIST)
		return true;
	/* Where the copy failed, that was said; who changed a file since must be told. */
	if (what->operation == OPERATION_NOT_MOVED && what->error != ESTALE &&
		directory->root->copy_failures)
		return true;
	/* It may be empty all the same, and then it can go. */
	if (item->type == WIRE_LIST && !name.bytes && what->operation == OPERATION_LIST) {
		directory->list_error = what->error;
		return true;
	}
	if (item->type != WIRE_FINISH || !not_empty || !job->options.recursive)
		return false;
	/* Names can be missed while a directory is listed and changed at once, or are new. */
	if (list_again(job, directory))
		return true;
	if (!directory->list_error)
		return false;
	diagnose_entry(job, directory, name, no_text, OPERATION_REMOVE, directory->list_error);
	directory->kept = true;
	return true;
}

void remove_done(struct job *job, struct item *item, const struct wire_done *done)
{
	/* What a listing removes on its way was never planned. */
	if (item->type == WIRE_LIST)
		lane_add(&job->lane, HAUL_FILES_PLANNED, done->files);
}
