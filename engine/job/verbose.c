/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job/coordinator.h"
#include "job/names.h"

/* A line without its end. */
static void print_line(
	const struct job *job, const struct item *item, uint32_t index, const struct names *names)
{
	bool directory = item->type == WIRE_FINISH || item->type == WIRE_LIST;

	if (item->directory->root->phase == ROOT_REMOVING)
		printf("removed %s%s", directory ? "directory " : "", names->source_quoted);
	else if (job->options.operation != JOB_MOVE)
		printf("%s -> %s", names->source_quoted, names->target_quoted);
	else if (directory)
		printf("created directory %s", names->target_quoted);
	else
		printf("%s %s -> %s",
			item_find_outcome(item, index, 1u << OUTCOME_RENAMED) ? "renamed"
									      : "copied",
			names->source_quoted, names->target_quoted);
}

/* What had the name before. */
static void print_backup(struct names *names, const struct item *item, uint32_t index)
{
	const struct item_outcome *outcome =
		item_find_outcome(item, index, 1u << OUTCOME_BACKED_UP);

	if (!outcome || !outcome->backup)
		return;
	names_fill(names, item->directory,
		(struct wire_text){outcome->backup, strlen(outcome->backup)},
		(struct wire_text){"", 0});
	printf(" (backup: %s)", names->target_quoted);
}

static bool entry_failed(const struct item *item, uint32_t index)
{
	for (uint32_t i = 0; i < item->failure_count; i++)
		if (item->failure[i].what.index == index && !item->failure[i].what.warning)
			return true;
	return false;
}

static void tell_entry(const struct job *job, const struct item *item, uint32_t index,
	struct wire_text name, struct wire_text target, struct names *names)
{
	if (entry_failed(item, index))
		return;
	names_fill(names, item->directory, name, target);
	if (outcome_is_left(item, index)) {
		if (job->options.debug)
			printf("skipped %s\n", names->target_quoted);
		return;
	}
	if (item_find_outcome(item, index, 1u << OUTCOME_REMOVED))
		printf("removed %s\n", names->target_quoted);
	print_line(job, item, index, names);
	print_backup(names, item, index);
	putchar('\n');
}

static void tell_entries(const struct job *job, const struct item *item, struct names *names)
{
	const struct wire_entry *entry;
	struct wire_text name, target;

	for (uint32_t i = 0; i < item->entry_count; i++)
		if (!item_entry(item, i, &entry, &name, &target))
			tell_entry(job, item, i, name, target, names);
}

static void tell_one(const struct job *job, const struct item *item, struct wire_text name,
	struct wire_text target, struct names *names)
{
	tell_entry(job, item, 0, name, target, names);
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
	case WIRE_PREPARE: /* it ended with that */
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
