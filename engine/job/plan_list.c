/* SPDX-License-Identifier: MIT */
/* What a list of names changes about the one source that they are below. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "job/coordinator.h"
#include "job/plan.h"
#include "util/path.h"

char *plan_source_label(const struct job *job, const char *path)
{
	return job->request->selection->listed ? path_directory(path) : path_stripped(path);
}

void plan_tell_missing(struct job *job)
{
	const struct selection *selection = job->request->selection;
	bool removal = job->options.operation == JOB_REMOVE;
	const char *named = job->request->sources[0];
	char *source = removal ? strdup(named) : plan_source_label(job, named);
	char quoted[QUOTE_BYTES];
	const char *name;
	size_t at = 0;

	while (source && selection->listed &&
		(name = name_list_next_missing(&selection->list, &at))) {
		char *path = path_join(source, name);
		struct stat status;

		if (!path)
			job_out_of_memory(job);
		/* What can't be reached was told of the directory that it is in. */
		else if (lstat(path, &status) && (errno == ENOENT || errno == ENOTDIR))
			diagnose(job, "cannot stat %s: %s",
				quote_name(path, quoted, sizeof(quoted)), strerror(errno));
		free(path);
	}
	free(source);
}
