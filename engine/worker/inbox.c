/* SPDX-License-Identifier: MIT */
#include "worker/inbox.h"

#include <errno.h>
#include <string.h>

static int add_root(struct executor *executor, struct wire_view *view)
{
	const struct wire_root *root = view->body;
	struct wire_buffer *buffer = &executor->incoming;
	struct wire_text label;
	int source_fd = buffer->fd[0], target_fd = buffer->fd[1];
	int error;

	if (wire_take_text(view, root->label_bytes, &label))
		return -EPROTO;
	buffer->fd[0] = WIRE_NO_FD;
	buffer->fd[1] = WIRE_NO_FD;
	error = tree_add_root(
		&executor->tree, root->root, source_fd, target_fd, label.data, label.bytes);
	if (!error && root->flags & ROOT_NO_TARGET)
		tree_set_targetless(&executor->tree, root->root);
	return error;
}

static int add_item(struct executor *executor, const struct wire_view *view)
{
	struct work *work;
	int error = work_new(view, &work);

	if (!error)
		work_queue_push(&executor->inbox, work);
	return error;
}

/* Every item is answered, also those that are dropped. Of files that were begun to be copied, the
 * ones in flight are finished. */
static void drop_queued(struct executor *executor)
{
	struct work_queue kept = {NULL, NULL};
	struct work *work;

	while ((work = work_queue_pop(&executor->inbox))) {
		work->entries_left = 0;
		if (work->begun)
			work_queue_push(&kept, work);
		else
			executor_done(executor, work);
	}
	executor->inbox = kept;
}

static int take_record(struct executor *executor, struct wire_view *view)
{
	const struct wire_root_end *root_end = view->body;

	switch (view->type) {
	case WIRE_ROOT:
		return add_root(executor, view);
	case WIRE_ROOT_END:
		tree_remove_root(&executor->tree, root_end->root);
		return 0;
	case WIRE_LIST:
	case WIRE_FILES:
	case WIRE_LINK:
	case WIRE_PREPARE:
	case WIRE_RANGE:
	case WIRE_COMMIT:
	case WIRE_FINISH:
	case WIRE_COMPARE:
	case WIRE_EXTRA:
		return add_item(executor, view);
	case WIRE_STOP:
		executor->paused = false;
		drop_queued(executor);
		return 0;
	case WIRE_PAUSE:
	case WIRE_RESUME:
		executor->paused = view->type == WIRE_PAUSE;
		return 0;
	default:
		return -EPROTO;
	}
}

int inbox_take_rest(struct executor *executor, size_t offset)
{
	struct wire_view view;
	int more, error;

	while ((more = wire_next(&executor->incoming, &offset, &view)) > 0) {
		error = take_record(executor, &view);
		if (error)
			return error;
	}
	return more;
}

int inbox_receive(struct executor *executor, bool block)
{
	int error = 0, got;

	do {
		got = wire_receive(executor->channel, &executor->incoming, block);
		if (got > 0)
			error = inbox_take_rest(executor, 0);
		block = false;
	} while (got > 0 && !error);
	if (error)
		return error;
	if (!got)
		return -EPIPE;
	return got == -EAGAIN ? 0 : got;
}

int inbox_receive_setup(struct executor *executor, struct wire_setup *ret_setup, size_t *ret_offset)
{
	struct wire_view view;
	size_t offset = 0;
	int got = wire_receive(executor->channel, &executor->incoming, true);

	if (got <= 0)
		return got ? got : -EPIPE;
	if (wire_next(&executor->incoming, &offset, &view) != 1 || view.type != WIRE_SETUP)
		return -EPROTO;
	memcpy(ret_setup, view.body, sizeof(*ret_setup));
	*ret_offset = offset;
	return ret_setup->version == WIRE_VERSION ? 0 : -EPROTO;
}
