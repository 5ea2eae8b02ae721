/* SPDX-License-Identifier: MIT */
#include "worker/explain.h"

#include <string.h>

_Static_assert(sizeof(struct wire_choice) == 6 * sizeof(uint64_t), "compared as bytes");

/* Most copies are between two filesystems, and know few ways: one choice a class is remembered, and
 * what comes twice is found out by the coordinator. */
static void tell(struct executor *executor, const struct wire_choice *choice)
{
	struct wire_choice *told = &executor->explained[choice->file_class];

	if (memcmp(told, choice, sizeof(*told)) == 0)
		return;
	*told = *choice;
	report_put(&executor->report, WIRE_CHOICE, choice, sizeof(*choice));
}

static struct wire_choice choice_of(
	const struct work *work, enum file_class file_class, enum job_strategy way)
{
	return (struct wire_choice){
		.source_device = work->source->filesystem->device,
		.target_device = work->target->filesystem->device,
		.source_type = work->source->filesystem->type,
		.target_type = work->target->filesystem->type,
		.file_class = file_class,
		.way = way,
	};
}

static void tell_copied(
	struct executor *executor, const struct work *work, uint32_t index, uint32_t how)
{
	const struct wire_outcome outcome = {
		.id = work->item->id,
		.kind = OUTCOME_COPIED,
		.index = index,
		.mode = COPIED_CONTENT | how,
	};

	if (executor->options.debug)
		report_outcome(&executor->report, &outcome, NULL);
}

void explain_small(struct executor *executor, const struct work *work, uint32_t index)
{
	struct wire_choice choice =
		choice_of(work, CLASS_SMALL, executor->ring ? STRATEGY_URING : STRATEGY_PLAIN);

	tell_copied(executor, work, index, executor_wants_share(executor) ? COPIED_UNSHARED : 0);
	if (executor->options.explain)
		tell(executor, &choice);
}

void explain_pour(struct executor *executor, const struct work *work, uint32_t index)
{
	tell_copied(executor, work, index, executor_wants_share(executor) ? COPIED_REFUSED : 0);
}

static enum job_strategy way_of(const struct copy_ops *ops)
{
	if (ops == &copy_reflink)
		return STRATEGY_REFLINK;
	if (ops == &copy_range)
		return STRATEGY_RANGE;
	if (ops == &copy_direct)
		return STRATEGY_DIRECT;
	return ops == &copy_uring ? STRATEGY_URING : STRATEGY_PLAIN;
}

static uint32_t copied_how(const struct executor *executor, const struct transfer *transfer)
{
	uint32_t how = 0;

	if (transfer->ops == &copy_reflink)
		return COPIED_SHARED;
	if (transfer->ops == &copy_range)
		how |= COPIED_OFFLOADED;
	if (executor_wants_share(executor))
		how |= COPIED_REFUSED;
	if (transfer->sparse)
		how |= COPIED_SOUGHT;
	return transfer->make_holes ? how | COPIED_ZEROS : how;
}

void explain_transfer(struct executor *executor, const struct work *work, uint32_t index,
	enum file_class file_class, const struct transfer *transfer)
{
	const struct transfer_manner *manner = &transfer->manner;
	struct wire_choice choice = choice_of(work, file_class, way_of(transfer->ops));

	tell_copied(executor, work, index, copied_how(executor, transfer));
	if (!executor->options.explain)
		return;
	choice.source_refuses =
		transfer->direct_begun && manner->source_direct && !transfer->source_direct;
	choice.target_refuses =
		transfer->direct_begun && manner->target_direct && !transfer->target_direct;
	tell(executor, &choice);
}
