/* SPDX-License-Identifier: MIT */
/*
 * haul verify --checksums: files are compared with what a list says of them. The list is read as
 * workers go through it. Names are looked up as others would, so symbolic links are followed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "job/coordinator.h"
#include "util/path.h"
#include "util/quote.h"
#include "util/sum_line.h"

#define ENTRIES_WANTED_MIN 4096

struct sum_list {
	FILE *file;
	uint64_t line;
	bool known;                  /* it is such a list: a line was one of its kind */
	struct root *relative;       /* the directory that names are relative to */
	struct root *absolute;       /* NULL until a name needs it */
	struct directory *directory; /* of the batch */
	struct item *batch;
};

static const char *label_of(const struct job *job)
{
	const char *path = job->request->checksums;

	return strcmp(path, "-") ? path : "standard input";
}

static void refuse(struct job *job, const char *what, const char *path, int error)
{
	char quoted[QUOTE_BYTES];

	diagnose(job, "%s %s: %s", what, quote_name(path, quoted, sizeof(quoted)), strerror(error));
}

static struct root *open_root(struct job *job, const char *path, const char *label)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int target_fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
	struct root *root;
	int error;

	if (target_fd < 0) {
		error = errno;
		if (fd >= 0)
			close(fd);
		refuse(job, "cannot access", path, error);
		return NULL;
	}
	error = root_add(&job->roots, fd, target_fd, label, label, true, &root);
	if (error) {
		refuse(job, "cannot access", path, -error);
		return NULL;
	}
	root->phase = ROOT_VERIFYING;
	/* Kept until all is read. */
	root->top->pending++;
	return root;
}

static FILE *open_list(struct job *job)
{
	const char *path = job->request->checksums;
	FILE *file = strcmp(path, "-") ? fopen(path, "re") : stdin;

	if (!file)
		refuse(job, "cannot open", path, errno);
	return file;
}

void sum_list_begin(struct job *job)
{
	const char *directory = job->request->target;
	struct sum_list *list = calloc(1, sizeof(*list));

	if (!list) {
		job_out_of_memory(job);
		return;
	}
	list->file = open_list(job);
	if (list->file)
		list->relative =
			open_root(job, directory ? directory : ".", directory ? directory : "");
	if (list->relative) {
		job->sum_list = list;
		return;
	}
	if (list->file && list->file != stdin)
		fclose(list->file);
	free(list);
}

static void release(struct job *job, struct root *root)
{
	if (!root)
		return;
	root->top->pending--;
	settle_directory(job, root->top);
}

void sum_list_close(struct job *job)
{
	struct sum_list *list = job->sum_list;

	if (!list)
		return;
	job->sum_list = NULL;
	if (list->file != stdin)
		fclose(list->file);
	free(list);
}

bool sum_list_pending(const struct job *job)
{
	return job->sum_list;
}

/* ---- a line ---- */

static struct directory *directory_for(struct sum_list *list, struct root *root, const char *path)
{
	struct directory *known = list->directory;

	if (!*path)
		return root->top;
	if (known && known->root == root && strcmp(known->name, path) == 0)
		return known;
	list->directory = directory_new(root, root->top, path, strlen(path));
	return list->directory;
}

static int queue_file(struct job *job, struct root *root, const char *directory_path,
	const char *name, const struct sum_line *line)
{
	struct sum_list *list = job->sum_list;
	struct directory *directory = directory_for(list, root, directory_path);
	struct wire_entry entry = {
		.mode = S_IFREG,
		.sum_high = line->high,
		.sum_low = line->low,
		.flags = ENTRY_SUM | ENTRY_SUM_ALONE | ENTRY_FOLLOW,
	};

	if (!directory)
		return -ENOMEM;
	if (list->batch && list->batch->directory != directory)
		list->batch = NULL;
	return compare_add_entry(job, directory, &entry, (struct wire_text){name, strlen(name)},
		(struct wire_text){"", 0}, &list->batch);
}

static struct root *root_for(struct job *job, const char *name)
{
	struct sum_list *list = job->sum_list;

	if (*name != '/')
		return list->relative;
	if (!list->absolute)
		list->absolute = open_root(job, "/", "/");
	return list->absolute;
}

static int take_line(struct job *job, const struct sum_line *line)
{
	struct root *root = root_for(job, line->name);
	char *directory = path_directory(line->name), *name = path_last(line->name);
	const char *below = directory;
	int error = -ENOMEM;

	while (below && *below == '/')
		below++;
	if (directory && name)
		error = root ? queue_file(job, root, below, name, line) : 0;
	free(directory);
	free(name);
	return error;
}

/* 1: there may be more; 0: that was all; -errno. */
static int read_line(struct job *job, char **text, size_t *capacity)
{
	struct sum_list *list = job->sum_list;
	struct sum_line line;
	ssize_t bytes;

	errno = 0;
	bytes = getline(text, capacity, list->file);
	if (bytes < 0)
		return errno ? -errno : 0;
	list->line++;
	if ((*text)[bytes - 1] == '\n')
		(*text)[--bytes] = '\0';
	if (strlen(*text) != (size_t)bytes || sum_line_parse(*text, &line)) {
		diagnose(job, "%s: line %llu is no XXH128 checksum with a name", label_of(job),
			(unsigned long long)list->line);
		/* Not a word for each line of a list of another kind. */
		return list->known;
	}
	list->known = true;
	bytes = take_line(job, &line);
	return bytes ? (int)bytes : 1;
}

static void end(struct job *job, int error)
{
	struct sum_list *list = job->sum_list;
	struct root *relative = list->relative, *absolute = list->absolute;

	if (error == -ENOMEM)
		job_out_of_memory(job);
	else if (error)
		refuse(job, "cannot read", label_of(job), -error);
	else if (!list->line)
		diagnose(job, "%s: no checksums", label_of(job));
	sum_list_close(job);
	release(job, relative);
	release(job, absolute);
}

void sum_list_advance(struct job *job)
{
	size_t capacity = 0;
	char *text = NULL;
	int more = 1;

	if (!job->sum_list || job->fatal)
		return;
	/* What was queued before may be under way: it gets no more entries. */
	job->sum_list->batch = NULL;
	job->sum_list->directory = NULL;
	while (more > 0 && job->work.entries < ENTRIES_WANTED_MIN)
		more = read_line(job, &text, &capacity);
	free(text);
	if (more <= 0)
		end(job, more);
}
