/* SPDX-License-Identifier: MIT */
#include "job/parents.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "job/coordinator.h"
#include "job/plan.h"
#include "util/path.h"

static bool refuse(struct job *job, const char *what, const char *path, int error)
{
	char quoted[QUOTE_BYTES];

	diagnose(job, "%s %s: %s", what, quote_name(path, quoted, sizeof(quoted)), strerror(error));
	return false;
}

void parents_close(struct job *job, struct parents *parents)
{
	if (!parents->path)
		return;
	if (parents->innermost) {
		parents->innermost->pending--;
		settle_directory(job, parents->innermost);
	}
	close(parents->target_fd);
	free(parents->path);
	free(parents->label);
	*parents = (struct parents){0};
}

static struct wire_directory describe(const struct stat *status, bool created)
{
	return (struct wire_directory){
		.device = status->st_dev,
		.inode = status->st_ino,
		.accessed_sec = status->st_atim.tv_sec,
		.modified_sec = status->st_mtim.tv_sec,
		.accessed_nsec = (uint32_t)status->st_atim.tv_nsec,
		.modified_nsec = (uint32_t)status->st_mtim.tv_nsec,
		.mode = status->st_mode,
		.uid = status->st_uid,
		.gid = status->st_gid,
		.created = created,
	};
}

/* Goes down into one: from now on it is finished when the next one is. */
static int add_root(struct job *job, struct parents *parents, int source_fd, bool created)
{
	bool absent = parents->target_fd == PLAN_NO_FD;
	int target_fd = absent ? PLAN_NO_FD : fcntl(parents->target_fd, F_DUPFD_CLOEXEC, 0);
	struct stat status;
	struct root *root;
	int error;

	if ((target_fd < 0 && !absent) || fstat(source_fd, &status)) {
		error = -errno;
		close(source_fd);
		return error;
	}
	error = root_add(
		&job->roots, source_fd, target_fd, parents->path, parents->label, false, &root);
	if (error)
		return error;
	root->top->metadata = describe(&status, created);
	root->top->listed = true;
	root->top->pending++;
	root->outer = parents->innermost;
	parents->innermost = root->top;
	return 0;
}

/* Dry run: then it would be made. Sets errno as mkdirat does where it is there. */
static bool is_missing(int directory_fd, const char *name)
{
	struct stat status;

	if (directory_fd == PLAN_NO_FD || fstatat(directory_fd, name, &status, 0))
		return true;
	errno = EEXIST;
	return false;
}

static bool make_directory(
	struct job *job, struct parents *parents, const char *name, bool *ret_created)
{
	char quoted[QUOTE_BYTES];
	int fd;

	*ret_created = job->options.dry_run ? is_missing(parents->target_fd, name)
					    : !mkdirat(parents->target_fd, name, 0700);
	if (!*ret_created && errno != EEXIST)
		return refuse(job, "cannot make directory", parents->label, errno);
	if (*ret_created)
		verbose_line(job, "%s -> %s", parents->path, parents->label);
	fd = job->options.dry_run && *ret_created
		     ? PLAN_NO_FD
		     : openat(parents->target_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && !*ret_created && errno == ENOTDIR) {
		diagnose(job, "%s exists but is not a directory",
			quote_name(parents->label, quoted, sizeof(quoted)));
		return false;
	}
	if (fd < 0 && !(job->options.dry_run && *ret_created))
		return refuse(job, "cannot access", parents->label, errno);
	close(parents->target_fd);
	parents->target_fd = fd;
	return true;
}

/* Appends a component to both paths. */
static bool extend(struct parents *parents, const char *prefix, const char *name)
{
	char *path = NULL, *label = path_join(parents->label, name);

	if (asprintf(&path, "%s%s%s", prefix,
		    *prefix && prefix[strlen(prefix) - 1] != '/' ? "/" : "", name) < 0)
		path = NULL;
	if (!path || !label) {
		free(path);
		free(label);
		return false;
	}
	free(parents->path);
	free(parents->label);
	parents->path = path;
	parents->label = label;
	return true;
}

static bool descend(struct job *job, struct parents *parents, const char *prefix, const char *name)
{
	int source_fd, error;
	bool created;

	if (!extend(parents, prefix, name)) {
		job_out_of_memory(job);
		return false;
	}
	source_fd = open(parents->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (source_fd < 0)
		return refuse(job, "failed to get attributes of", parents->path, errno);
	if (!make_directory(job, parents, name, &created)) {
		close(source_fd);
		return false;
	}
	error = add_root(job, parents, source_fd, created);
	return error ? refuse(job, "cannot access", parents->path, -error) : true;
}

static bool descend_all(struct job *job, struct parents *parents, char *directory)
{
	char *rest = NULL;
	char *prefix = strdup(*directory == '/' ? "/" : "");
	bool going = prefix != NULL;

	for (char *name = strtok_r(directory, "/", &rest); name && going;
		name = strtok_r(NULL, "/", &rest)) {
		going = descend(job, parents, prefix, name);
		free(prefix);
		prefix = going ? strdup(parents->path) : NULL;
		going = prefix != NULL;
	}
	free(prefix);
	return going;
}

bool parents_open(struct job *job, struct parents *parents, const char *source)
{
	char *stripped = path_stripped(source);
	char *directory = stripped ? path_directory(stripped) : NULL;
	bool going = directory != NULL;

	free(stripped);
	if (going && parents->path && !strcmp(parents->path, directory)) {
		free(directory);
		return true;
	}
	parents_close(job, parents);
	if (going) {
		parents->target_fd = fcntl(job->plan->target_fd, F_DUPFD_CLOEXEC, 0);
		parents->path = strdup("");
		parents->label = strdup(job->plan->target);
		going = parents->target_fd >= 0 && parents->path && parents->label &&
			descend_all(job, parents, directory);
	}
	free(directory);
	if (!going)
		parents_close(job, parents);
	return going;
}
