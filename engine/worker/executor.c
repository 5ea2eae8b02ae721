/* SPDX-License-Identifier: MIT */
#include "worker/executor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "io/inode_flags.h"
#include "io/reflink.h"
#include "util/clock.h"
#include "util/quote.h"

void executor_count(
	struct executor *executor, struct work *work, enum haul_counter counter, uint64_t amount)
{
	lane_add(&executor->lane, counter, amount);
	switch (counter) {
	case HAUL_FILES_DONE:
		work->sums.files += amount;
		break;
	case HAUL_FILES_SKIPPED:
		work->sums.files_skipped += amount;
		break;
	case HAUL_BYTES_READ:
		work->sums.bytes_read += amount;
		break;
	case HAUL_BYTES_ACCEPTED:
		work->sums.bytes_accepted += amount;
		break;
	case HAUL_BYTES_DURABLE:
		work->sums.bytes_durable += amount;
		break;
	case HAUL_BYTES_CHECKED:
		work->sums.bytes_checked += amount;
		break;
	case HAUL_DIRECTORIES_DONE:
		work->sums.directories += amount;
		break;
	default:
		break;
	}
}

/* "label/path" into `space`, which is cut at its end if it must be. */
static size_t directory_name(
	const struct executor *executor, const struct work *work, char *space, size_t capacity)
{
	size_t label_bytes;
	const char *label = tree_label(&executor->tree, work->item->root, &label_bytes);
	bool slash = label_bytes && label[label_bytes - 1] != '/' && work->path.bytes;
	int bytes = snprintf(space, capacity, "%s%s%s", label, slash ? "/" : "", work->path.data);

	return (size_t)bytes < capacity ? (size_t)bytes : capacity - 1;
}

void executor_tell_file(struct executor *executor, const struct work *work,
	enum haul_record_type type, struct wire_text name, uint64_t bytes)
{
	char directory[4096];
	struct lane_file file = {
		.directory = directory,
		.directory_bytes = directory_name(executor, work, directory, sizeof(directory)),
		.name = name.data,
		.name_bytes = name.bytes,
		.bytes = bytes,
	};

	lane_file(&executor->lane, type, clock_monotonic_ns(), &file);
}

void executor_tell_sum(struct executor *executor, const struct work *work, uint32_t index,
	uint64_t bytes, struct checksum_value sum)
{
	struct wire_sum told = {
		.id = work->item->id,
		.bytes = bytes,
		.high = sum.high,
		.low = sum.low,
		.index = index,
	};

	report_put(&executor->report, WIRE_SUM, &told, sizeof(told));
}

static void report(struct executor *executor, const struct work *work, uint32_t index,
	enum wire_operation operation, int error, uint32_t warning)
{
	struct wire_failure failure = {
		.id = work->item->id,
		.error = -error,
		.operation = operation,
		.index = index,
		.warning = warning,
	};

	report_failure(&executor->report, &failure, (struct wire_text){"", 0});
}

void executor_fail(struct executor *executor, const struct work *work, uint32_t index,
	enum wire_operation operation, int error)
{
	report(executor, work, index, operation, error, 0);
}

void executor_warn(struct executor *executor, const struct work *work, uint32_t index,
	enum wire_operation operation, int error)
{
	report(executor, work, index, operation, error, 1);
}

/* Once per filesystem: it is the same for every file. */
static void tell_lost(
	struct executor *executor, const struct work *work, const char *what, bool *told)
{
	char directory[1024], quoted[QUOTE_BYTES], line[QUOTE_BYTES + 128];

	if (*told)
		return;
	*told = true;
	directory_name(executor, work, directory, sizeof(directory));
	snprintf(line, sizeof(line), "%s from %s are not kept: the destination can't hold them",
		what, quote_name(directory, quoted, sizeof(quoted)));
	report_notice(&executor->report, line);
}

void executor_warn_metadata(struct executor *executor, const struct work *work, uint32_t index,
	struct filesystem *filesystem, const struct metadata_result *result)
{
	static const enum wire_operation operation[METADATA_PARTS] = {
		[METADATA_OWNER] = OPERATION_SET_OWNER,
		[METADATA_XATTR] = OPERATION_SET_XATTR,
		[METADATA_MODE] = OPERATION_SET_MODE,
		[METADATA_TIMES] = OPERATION_SET_TIMES,
	};

	for (unsigned part = 0; part < METADATA_PARTS; part++) {
		int error = result->error[part];

		if (part == METADATA_XATTR && error == -EOPNOTSUPP)
			tell_lost(executor, work, "extended attributes or ACLs",
				&filesystem->xattr_lost);
		else if (error)
			executor_warn(executor, work, index, operation[part], error);
	}
}

void executor_keep_flags(struct executor *executor, const struct work *work, uint32_t index,
	int source_fd, int target_fd, nlink_t names)
{
	bool has_names_to_come = names > 1 && executor->options.preserve & PRESERVE_LINKS;
	int error;

	if (!executor->wish.flags)
		return;
	error = inode_flags_copy(source_fd, work->source->filesystem, target_fd, has_names_to_come);
	if (error == -EOPNOTSUPP)
		tell_lost(executor, work, "inode flags or project ids",
			&work->target->filesystem->flags_lost);
	else if (error && (error != -EPERM || executor->wish.privileged))
		executor_warn(executor, work, index, OPERATION_SET_FLAGS, error);
}

int executor_open_directories(
	struct executor *executor, struct work *work, enum wire_operation *ret_operation)
{
	uint32_t root = work->item->root;
	int error = tree_open(&executor->tree, root, TREE_SOURCE, work->path.data, work->path.bytes,
		&work->source);

	if (error) {
		*ret_operation = OPERATION_OPEN_SOURCE;
		return error;
	}
	error = tree_open(&executor->tree, root, TREE_TARGET, work->path.data, work->path.bytes,
		&work->target);
	if (error) {
		tree_give_back(&executor->tree, work->source);
		work->source = NULL;
		*ret_operation = OPERATION_OPEN_TARGET;
	}
	return error;
}

void executor_clear_leftover(
	const struct executor *executor, const struct work *work, const char *target_name)
{
	if (work->item->flags & ITEM_RETRIED || executor->options.durable_from_ns)
		target_clear_temporary(work->target->fd, executor->options.salt, target_name);
}

void executor_end_work(struct executor *executor, struct work *work)
{
	tree_give_back(&executor->tree, work->source);
	tree_give_back(&executor->tree, work->target);
	work_free(work);
}

void executor_done(struct executor *executor, struct work *work)
{
	report_put(&executor->report, WIRE_DONE, &work->sums, sizeof(work->sums));
	executor_end_work(executor, work);
}

struct source_manner *executor_manner(struct executor *executor, uint32_t entry_flags)
{
	return entry_flags & ENTRY_FOLLOW ? &executor->named_manner : &executor->manner;
}

int executor_stat_flags(const struct executor *executor, uint32_t entry_flags)
{
	return executor->options.dereference || entry_flags & ENTRY_FOLLOW ? 0
									   : AT_SYMLINK_NOFOLLOW;
}

const struct copy_ops *executor_sound_way(const struct copy_ops *wanted,
	const struct filesystem *source, const struct filesystem *target)
{
	bool through_ring = wanted == &copy_uring || wanted == &copy_direct;

	return through_ring && (source->no_ring || target->no_ring) ? &copy_plain : wanted;
}

bool executor_may_share(
	const struct executor *executor, dev_t source, const struct filesystem *target)
{
	if (!executor_wants_share(executor))
		return false;
	return executor_must_share(executor) ||
	       !(target->no_reflink && target->no_reflink_from == source);
}

int executor_share_failed(
	const struct executor *executor, dev_t source, struct filesystem *target, int error)
{
	if (executor_must_share(executor) || !reflink_is_refusal(error))
		return error;
	target->no_reflink = true;
	target->no_reflink_from = source;
	return 0;
}

bool executor_take_transfer(struct executor *executor, struct slot *slot)
{
	/* With a limit, a turn is as long as its transfers have to wait, one after the other. */
	unsigned most = pace_limits(&executor->pace) ? 1 : EXECUTOR_TRANSFERS;

	if (executor->transfers >= most) {
		slot_queue_push(&executor->for_transfer, slot);
		return false;
	}
	executor->transfers++;
	return true;
}

void executor_give_transfer(struct executor *executor)
{
	struct slot *waiting = slot_queue_pop(&executor->for_transfer);

	executor->transfers--;
	if (waiting)
		slot_queue_push(&executor->runnable, waiting);
}
