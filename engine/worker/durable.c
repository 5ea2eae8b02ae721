/* SPDX-License-Identifier: MIT */
#include "worker/durable.h"

#include <fcntl.h>
#include <stdlib.h>

#include "util/stamp.h"

/* The coarsest time of any filesystem. */
#define GRANULE_NS INT64_C(2000000000)

static bool is_near(int64_t a_ns, int64_t b_ns)
{
	return llabs(a_ns - b_ns) < GRANULE_NS;
}

static bool is_as_kept(const struct executor *executor, const struct wire_entry *entry,
	int64_t modified_ns, int64_t changed_ns)
{
	return executor->wish.times && modified_ns == changed_ns &&
	       is_near(modified_ns, entry->modified_ns);
}

bool durable_copy_stands(const struct executor *executor, const struct work *work,
	const struct wire_entry *entry, const char *target_name)
{
	const struct job_options *options = &executor->options;
	int64_t modified_ns, changed_ns;
	struct stat status;

	if (!(entry->flags & ENTRY_DURABLE) ||
		fstatat(work->target->fd, target_name, &status, AT_SYMLINK_NOFOLLOW))
		return false;
	if (!S_ISREG(status.st_mode) || (uint64_t)status.st_size != entry->bytes)
		return false;
	modified_ns = stamp_ns(&status.st_mtim);
	changed_ns = stamp_ns(&status.st_ctim);
	if (is_as_kept(executor, entry, modified_ns, changed_ns))
		return true;
	return changed_ns > options->durable_from_ns - GRANULE_NS &&
	       changed_ns <= options->durable_until_ns;
}

bool durable_is_of_this_run(const struct executor *executor, const struct stat *status)
{
	int64_t changed_ns = stamp_ns(&status->st_ctim);
	int64_t coarse_ns = status->st_ctim.tv_nsec ? 0 : GRANULE_NS;

	if (executor->options.durable_from_ns)
		return changed_ns > executor->options.started_ns - GRANULE_NS;
	/* Where there is no time of change, nothing can be told. */
	return changed_ns == stamp_ns(&status->st_mtim) ||
	       changed_ns >= executor->options.started_ns - coarse_ns;
}
