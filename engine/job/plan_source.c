/* SPDX-License-Identifier: MIT */
/* One source on its way: what it is, and where it goes. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "job/coordinator.h"
#include "job/plan.h"
#include "util/path.h"
#include "util/stamp.h"

int source_look(struct source *source, const struct job *job)
{
	const struct job_request *request = job->request;

	source->follow = request->follow_arguments || job->options.dereference;
	if (fstatat(AT_FDCWD, source->path, &source->status,
		    source->follow ? 0 : AT_SYMLINK_NOFOLLOW))
		return -errno;
	return 0;
}

int source_name_target(struct source *source, const struct plan *plan)
{
	source->target_fd = plan->target_fd;
	if (plan->into_directory) {
		source->target_directory = plan->target;
		if (plan->parents.path) {
			source->target_directory = plan->parents.label;
			source->target_fd = plan->parents.target_fd;
		}
		source->target_name = path_last(source->path);
		if (source->target_name)
			source->target = path_join(source->target_directory, source->target_name);
	} else {
		source->target_name = strdup(plan->target);
		source->target = strdup(plan->target);
	}
	if (!source->target_name || !source->target)
		return -ENOMEM;
	quote_name(source->target, source->target_quoted, sizeof(source->target_quoted));
	return 0;
}

void source_clear(struct source *source)
{
	free(source->target_name);
	free(source->target);
}

bool source_was_moved(struct source *source, struct job *job)
{
	bool moved = false;

	if (job->options.operation != JOB_MOVE || !job->request->past)
		return false;
	if (source_name_target(source, job->plan))
		job_out_of_memory(job);
	else
		moved = chronicle_was_moved(job, source);
	source_clear(source);
	return moved;
}

/* What the link on the command line leads to is what is copied, under the link's name. */
static uint16_t entry_flags(const struct job *job, const struct source *source)
{
	uint16_t named = job->options.operation == JOB_COPY ? ENTRY_NAMED : 0;

	return named | (source->follow ? ENTRY_FOLLOW : 0) | (source->decided ? ENTRY_DECIDED : 0);
}

void source_describe(
	const struct source *source, const struct job *job, struct wire_entry *ret_entry)
{
	const struct stat *status = &source->status;
	bool sparse = S_ISREG(status->st_mode) && status->st_blocks * 512 < status->st_size;

	*ret_entry = (struct wire_entry){
		.inode = status->st_ino,
		.device = status->st_dev,
		.bytes = (uint64_t)status->st_size,
		.modified_ns = stamp_ns(&status->st_mtim),
		.changed_ns = stamp_ns(&status->st_ctim),
		.mode = status->st_mode,
		.links = (uint32_t)status->st_nlink,
		.flags = entry_flags(job, source) | (sparse ? ENTRY_SPARSE : 0),
	};
}
