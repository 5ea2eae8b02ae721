/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "job/coordinator.h"
#include "job/names.h"

static void print_line(const struct job *job, const struct item *item, const struct names *names)
{
	bool directory = item->type == WIRE_FINISH || item->type == WIRE_LIST;

	if (item->directory->root->phase == ROOT_REMOVING)
		printf("removed %s%s\n", directory ? "directory " : "", names->source_quoted);
	else if (job->options.operation != JOB_MOVE)
		printf("%s -> %s\n", names->source_quoted, names->target_quoted);
	else if (directory)
		printf("created directory %s\n", names->target_quoted);
	else
		printf("copied %s -> %s\n", names->source_quoted, names->target_quoted);
}

static bool entry_failed(const struct item *item, uint32_t index)
{
	for (uint32_t i = 0; i < item->failure_count; i++)
		if (item->failure[i].what.index == index && !item->failure[i].what.warning)
			return true;
	return false;
}

static void tell_entries(const struct job *job, const struct item *item, struct names *names)
{
	const struct wire_entry *entry;
	struct wire_text name, target;

	for (uint32_t i = 0; i < item->entry_count; i++) {
		if (entry_failed(item, i) || item_entry(item, i, &entry, &name, &target))
			continue;
		names_fill(names, item->directory, name, target);
		print_line(job, item, names);
	}
}

static void tell_one(const struct job *job, const struct item *item, struct wire_text name,
	struct wire_text target, struct names *names)
{
	if (item_failed(item))
		return;
	names_fill(names, item->directory, name, target);
	print_line(job, item, names);
}

static void tell(const struct job *job, const struct item *item, struct names *names)
{
	static const struct wire_text none = {"", 0};
	bool removal = item->directory->root->phase == ROOT_REMOVING;

	switch (item->type) {
	case WIRE_FILES:
		tell_entries(job, item, names);
		break;
	case WIRE_LINK:
		tell_one(job, item,
			(struct wire_text){(const char *)item->packed, item->packed_bytes - 1},
			none, names);
		break;
	case WIRE_COMMIT:
		tell_one(job, item, large_name(item->large), large_target(item->large), names);
		break;
	case WIRE_LIST:
		if (!removal && item->directory->metadata.created && !item->position)
			tell_one(job, item, none, none, names);
		break;
	case WIRE_FINISH:
		if (removal)
			tell_one(job, item, none, none, names);
		break;
	default:
		break;
	}
}

void verbose_item(struct job *job, const struct item *item)
{
	struct names *names;

	/* What a stopping worker answers may be dropped work. */
	if (!job->options.verbose || job->stopping)
		return;
	names = malloc(sizeof(*names));
	if (!names) {
		job_out_of_memory(job);
		return;
	}
	tell(job, item, names);
	free(names);
	if (fflush(stdout))
		job->options.verbose = false; /* nobody reads it */
}
