/* SPDX-License-Identifier: MIT */
#include "job/item.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "job/comparison.h"

struct item *item_new(enum wire_type type, struct directory *directory)
{
	struct item *item = calloc(1, sizeof(*item));

	if (!item)
		return NULL;
	item->type = type;
	item->directory = directory;
	directory->pending++;
	return item;
}

void item_free(struct item *item)
{
	if (!item)
		return;
	item->directory->pending--;
	if (item->type == WIRE_COMPARE)
		comparison_release(item->comparison);
	free(item->packed);
	item_forget_answers(item);
	free(item);
}

int item_add_failure(struct item *item, const struct wire_failure *what, struct wire_text name)
{
	uint32_t count = item->failure_count + 1;
	struct item_failure *grown = realloc(item->failure, count * sizeof(*grown));
	char *kept = NULL;

	if (!grown)
		return -ENOMEM;
	item->failure = grown;
	if (name.bytes && !(kept = strndup(name.data, name.bytes)))
		return -ENOMEM;
	grown[item->failure_count] = (struct item_failure){*what, kept};
	item->failure_count = count;
	return 0;
}

int item_add_outcome(struct item *item, const struct wire_outcome *what, struct wire_text backup)
{
	uint32_t count = item->outcome_count + 1;
	struct item_outcome *grown = realloc(item->outcome, count * sizeof(*grown));
	char *kept = NULL;

	if (!grown)
		return -ENOMEM;
	item->outcome = grown;
	if (backup.bytes && !(kept = strndup(backup.data, backup.bytes)))
		return -ENOMEM;
	grown[item->outcome_count] = (struct item_outcome){*what, kept};
	item->outcome_count = count;
	return 0;
}

const struct item_outcome *item_find_outcome(
	const struct item *item, uint32_t index, unsigned kinds)
{
	for (uint32_t i = 0; i < item->outcome_count; i++)
		if (item->outcome[i].what.index == index &&
			1u << item->outcome[i].what.kind & kinds)
			return &item->outcome[i];
	return NULL;
}

static char *keep_text(struct wire_text text, bool *failed)
{
	char *kept = text.bytes ? strndup(text.data, text.bytes) : NULL;

	*failed = *failed || (text.bytes && !kept);
	return kept;
}

int item_add_difference(struct item *item, const struct wire_difference *what,
	struct wire_text name, const struct wire_text detail[DIFFERENCE_SIDES])
{
	uint32_t count = item->difference_count + 1;
	struct item_difference *grown = realloc(item->difference, count * sizeof(*grown));
	bool failed = false;

	if (!grown)
		return -ENOMEM;
	item->difference = grown;
	grown[item->difference_count] = (struct item_difference){
		.what = *what,
		.name = keep_text(name, &failed),
		.detail = {keep_text(detail[0], &failed), keep_text(detail[1], &failed)},
	};
	item->difference_count = count;
	return failed ? -ENOMEM : 0;
}

int item_add_sum(struct item *item, const struct wire_sum *sum)
{
	uint32_t count = item->sum_count + 1;
	struct wire_sum *grown = realloc(item->sum, count * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	item->sum = grown;
	grown[item->sum_count] = *sum;
	item->sum_count = count;
	return 0;
}

const struct wire_sum *item_find_sum(const struct item *item, uint32_t index)
{
	for (uint32_t i = 0; i < item->sum_count; i++)
		if (item->sum[i].index == index)
			return &item->sum[i];
	return NULL;
}

static void forget_differences(struct item *item)
{
	for (uint32_t i = 0; i < item->difference_count; i++) {
		free(item->difference[i].name);
		free(item->difference[i].detail[0]);
		free(item->difference[i].detail[1]);
	}
	free(item->difference);
	item->difference = NULL;
	item->difference_count = 0;
}

void item_forget_answers(struct item *item)
{
	forget_differences(item);
	free(item->sum);
	item->sum = NULL;
	item->sum_count = 0;
	for (uint32_t i = 0; i < item->failure_count; i++)
		free(item->failure[i].name);
	free(item->failure);
	item->failure = NULL;
	item->failure_count = 0;
	for (uint32_t i = 0; i < item->outcome_count; i++)
		free(item->outcome[i].backup);
	free(item->outcome);
	item->outcome = NULL;
	item->outcome_count = 0;
}

bool item_failed(const struct item *item)
{
	for (uint32_t i = 0; i < item->failure_count; i++)
		if (!item->failure[i].what.warning)
			return true;
	return false;
}

bool item_entry_failed(const struct item *item, uint32_t index)
{
	for (uint32_t i = 0; i < item->failure_count; i++)
		if (item->failure[i].what.index == index && !item->failure[i].what.warning)
			return true;
	return false;
}

static int reserve(struct item *item, size_t bytes)
{
	size_t capacity = item->packed_capacity ? item->packed_capacity : 256;
	uint8_t *grown;

	while (capacity < item->packed_bytes + bytes)
		capacity *= 2;
	if (capacity == item->packed_capacity)
		return 0;
	grown = realloc(item->packed, capacity);
	if (!grown)
		return -ENOMEM;
	item->packed = grown;
	item->packed_capacity = capacity;
	return 0;
}

int item_add_entry(struct item *item, const struct wire_entry *entry, struct wire_text name,
	struct wire_text target)
{
	struct wire_buffer buffer = {0};
	struct wire_entry numbered = *entry;
	int error = reserve(item, sizeof(*entry) + name.bytes + target.bytes + 2 + 8);

	if (error)
		return error;
	numbered.index = (uint16_t)item->entry_count;
	buffer.data = item->packed;
	buffer.capacity = item->packed_capacity;
	buffer.used = item->packed_bytes;
	error = wire_add_entry(&buffer, &numbered, name, target);
	if (error)
		return error;
	item->packed_bytes = buffer.used;
	item->entry_count++;
	return 0;
}

struct wire_view item_view(const struct item *item)
{
	return (struct wire_view){
		.text = (const char *)item->packed,
		.text_bytes = item->packed_bytes,
	};
}

int item_entry(const struct item *item, uint32_t index, const struct wire_entry **ret_entry,
	struct wire_text *ret_name, struct wire_text *ret_target)
{
	struct wire_view view = item_view(item);

	for (uint32_t i = 0; i < item->entry_count; i++) {
		if (wire_take_entry(&view, ret_entry, ret_name, ret_target))
			break;
		if (i == index)
			return 0;
	}
	return -ENOENT;
}

bool item_is_large(const struct item *item)
{
	return item->type == WIRE_PREPARE || item->type == WIRE_RANGE || item->type == WIRE_COMMIT;
}

bool item_is_part(const struct item *item)
{
	return item_is_large(item) || item->type == WIRE_COMPARE;
}

size_t item_memory_bytes(const struct item *item)
{
	return sizeof(*item) + item->packed_capacity;
}

static void count_in(struct item_queue *queue, const struct item *item)
{
	queue->count++;
	queue->entries += item->entry_count;
	queue->memory_bytes += item_memory_bytes(item);
}

void queue_push_back(struct item_queue *queue, struct item *item)
{
	item->next = NULL;
	item->previous = queue->last;
	if (queue->last)
		queue->last->next = item;
	else
		queue->first = item;
	queue->last = item;
	count_in(queue, item);
}

void queue_push_front(struct item_queue *queue, struct item *item)
{
	item->previous = NULL;
	item->next = queue->first;
	if (queue->first)
		queue->first->previous = item;
	else
		queue->last = item;
	queue->first = item;
	count_in(queue, item);
}

void queue_remove(struct item_queue *queue, struct item *item)
{
	if (item->previous)
		item->previous->next = item->next;
	else
		queue->first = item->next;
	if (item->next)
		item->next->previous = item->previous;
	else
		queue->last = item->previous;
	item->next = NULL;
	item->previous = NULL;
	queue->count--;
	queue->entries -= item->entry_count;
	queue->memory_bytes -= item_memory_bytes(item);
}

struct item *queue_pop(struct item_queue *queue)
{
	struct item *item = queue->first;

	if (item)
		queue_remove(queue, item);
	return item;
}

void queue_discard(struct item_queue *queue)
{
	struct item *item;

	while ((item = queue_pop(queue))) {
		struct directory *directory = item->directory;

		item_free(item);
		directory_release(directory);
	}
}

static int ledger_grow(struct ledger *ledger)
{
	uint32_t count = ledger->count ? ledger->count * 2 : 64;
	struct ledger_slot *grown = realloc(ledger->slot, count * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	for (uint32_t i = ledger->count; i < count; i++)
		grown[i] = (struct ledger_slot){.next_free = i + 1 < count ? i + 2 : 0};
	ledger->first_free = ledger->count + 1;
	ledger->slot = grown;
	ledger->count = count;
	return 0;
}

int ledger_enter(struct ledger *ledger, struct item *item, unsigned worker, uint64_t *ret_id)
{
	struct ledger_slot *slot;
	int error = ledger->first_free ? 0 : ledger_grow(ledger);

	if (error)
		return error;
	item->slot = ledger->first_free - 1;
	slot = &ledger->slot[item->slot];
	ledger->first_free = slot->next_free;
	slot->item = item;
	slot->worker = worker;
	*ret_id = (uint64_t)slot->generation << 32 | item->slot;
	return 0;
}

struct item *ledger_find(const struct ledger *ledger, uint64_t id, unsigned worker)
{
	const struct ledger_slot *slot;
	uint32_t index = (uint32_t)id;

	if (index >= ledger->count)
		return NULL;
	slot = &ledger->slot[index];
	return slot->generation == id >> 32 && slot->worker == worker ? slot->item : NULL;
}

void ledger_leave(struct ledger *ledger, struct item *item)
{
	struct ledger_slot *slot = &ledger->slot[item->slot];

	slot->item = NULL;
	slot->generation++;
	slot->next_free = ledger->first_free;
	ledger->first_free = item->slot + 1;
}

void ledger_free(struct ledger *ledger)
{
	free(ledger->slot);
	*ledger = (struct ledger){0};
}
