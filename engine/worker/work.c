/* SPDX-License-Identifier: MIT */
#include "worker/work.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Body and texts are copied as one, so that entries stay aligned as they were. */
int work_new(const struct wire_view *view, struct work **ret_work)
{
	size_t bytes = view->body_bytes + view->text_bytes;
	struct work *work = calloc(1, sizeof(*work) + bytes);

	if (!work)
		return -ENOMEM;
	memcpy(work->record, view->body, bytes);
	work->type = view->type;
	work->body = work->record;
	work->rest = *view;
	work->rest.body = work->body;
	work->rest.text = (const char *)work->record + view->body_bytes;
	if (wire_take_text(&work->rest, work->item->path_bytes, &work->path)) {
		free(work);
		return -EPROTO;
	}
	work->entries_left = work->item->entry_count;
	work->sums.id = work->item->id;
	*ret_work = work;
	return 0;
}

void work_free(struct work *work)
{
	free(work);
}

int work_take_entry(struct work *work, const struct wire_entry **ret_entry,
	struct wire_text *ret_name, struct wire_text *ret_target)
{
	if (!work->entries_left)
		return -ENOENT;
	if (wire_take_entry(&work->rest, ret_entry, ret_name, ret_target)) {
		work->entries_left = 0;
		return -EPROTO;
	}
	work->entries_left--;
	return 0;
}

void work_queue_push(struct work_queue *queue, struct work *work)
{
	work->next = NULL;
	if (queue->last)
		queue->last->next = work;
	else
		queue->first = work;
	queue->last = work;
}

void work_queue_push_front(struct work_queue *queue, struct work *work)
{
	work->next = queue->first;
	queue->first = work;
	if (!queue->last)
		queue->last = work;
}

struct work *work_queue_pop(struct work_queue *queue)
{
	struct work *work = queue->first;

	if (!work)
		return NULL;
	queue->first = work->next;
	if (!queue->first)
		queue->last = NULL;
	work->next = NULL;
	return work;
}
