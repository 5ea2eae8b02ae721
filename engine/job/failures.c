/* SPDX-License-Identifier: MIT */
/* What workers could not do, as it is counted and told. */
#include <string.h>

#include "job/comparison.h"
#include "job/coordinator.h"
#include "job/names.h"

static void mark_link_failed(struct item *item, uint32_t index)
{
	for (struct link *link = item->links; link; link = link->next_in_item)
		if (link->index == index)
			link->failed = true;
}

/* Several parts of a large file may fail; it is one file all the same. */
static bool has_part_failed(const struct item *item)
{
	if (item_is_large(item))
		return item->large->failed;
	return item->type == WIRE_COMPARE && item->comparison->failed;
}

static bool counts_as_file(struct item *item)
{
	bool counted = has_part_failed(item);

	if (!item_is_part(item))
		return item->type == WIRE_FILES || item->type == WIRE_LINK;
	if (item->type == WIRE_COMPARE)
		item->comparison->failed = true;
	else
		item->large->failed = true;
	return !counted;
}

static void tell_failure(struct job *job, struct item *item, const struct item_failure *failure)
{
	const struct wire_failure *what = &failure->what;
	struct wire_text name, target;

	reply_entry_texts(item, what->index, &name, &target);
	if (failure->name)
		name = (struct wire_text){failure->name, strlen(failure->name)};
	if (what->operation == OPERATION_NOT_MOVED)
		item->directory->kept = true;
	if (!what->warning)
		item->directory->root->failures++;
	if (item->directory->root->phase == ROOT_REMOVING && remove_explains(job, item, what, name))
		return;
	/* One line for a file, however many of its parts fail. */
	if (!what->warning && has_part_failed(item))
		return;
	diagnose_entry(job, item->directory, name, target, (enum wire_operation)what->operation,
		what->error);
	if (what->warning)
		return;
	if (counts_as_file(item) || failure->name)
		lane_add(&job->lane, HAUL_FILES_FAILED, 1);
	mark_link_failed(item, what->index);
	if (what->operation == OPERATION_MAKE_DIRECTORY ||
		what->operation == OPERATION_NOT_DIRECTORY)
		item->directory->broken = true;
	if (what->operation == OPERATION_REMOVE)
		item->directory->kept = true;
}

void failures_tell(struct job *job, struct item *item)
{
	for (uint32_t i = 0; i < item->failure_count; i++)
		tell_failure(job, item, &item->failure[i]);
}
