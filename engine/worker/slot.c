/* SPDX-License-Identifier: MIT */
#include "worker/slot.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

static const unsigned kind_count[SLOT_KINDS] = {
	[SLOT_FILE] = SLOT_FILES,
	[SLOT_LISTING] = SLOT_LISTINGS,
	[SLOT_PART] = SLOT_PARTS,
};

static int add_kind(struct slot_table *table, enum slot_kind kind, size_t bytes, unsigned usable,
	unsigned *index)
{
	char *memory = calloc(kind_count[kind], bytes);

	if (!memory)
		return -ENOMEM;
	table->memory[kind] = memory;
	for (unsigned i = 0; i < kind_count[kind]; i++) {
		struct slot *slot = (void *)(memory + i * bytes);

		slot->index = (uint16_t)(*index)++;
		table->by_index[slot->index] = slot;
		if (i >= usable)
			continue;
		slot->next = table->free[kind];
		table->free[kind] = slot;
	}
	return 0;
}

int slot_table_open(struct slot_table *table, const size_t bytes[SLOT_KINDS], unsigned files_max)
{
	unsigned index = 0;
	int error = 0;

	*table = (struct slot_table){.busy = 0};
	for (unsigned kind = 0; kind < SLOT_KINDS && !error; kind++)
		error = add_kind(table, kind, bytes[kind],
			kind == SLOT_FILE ? files_max : kind_count[kind], &index);
	if (error)
		slot_table_close(table);
	return error;
}

void slot_table_close(struct slot_table *table)
{
	for (unsigned kind = 0; kind < SLOT_KINDS; kind++)
		free(table->memory[kind]);
	*table = (struct slot_table){.busy = 0};
}

struct slot *slot_take(struct slot_table *table, const struct slot_type *type)
{
	struct slot *slot = table->free[type->kind];

	if (!slot)
		return NULL;
	table->free[type->kind] = slot->next;
	table->busy++;
	slot->next = NULL;
	slot->type = type;
	return slot;
}

void slot_give_back(struct slot_table *table, struct slot *slot)
{
	enum slot_kind kind = slot->type->kind;

	slot->generation++;
	slot->type = NULL;
	slot->next = table->free[kind];
	table->free[kind] = slot;
	table->busy--;
}

struct ring_tag slot_tag(const struct slot *slot, uint8_t operation)
{
	return (struct ring_tag){
		.slot = slot->index,
		.operation = operation,
		.generation = slot->generation,
	};
}

struct slot *slot_of_tag(const struct slot_table *table, struct ring_tag tag)
{
	struct slot *slot;

	assert(tag.slot < SLOT_COUNT);
	slot = table->by_index[tag.slot];
	assert(slot->type && slot->generation == tag.generation);
	return slot;
}

void slot_queue_push(struct slot_queue *queue, struct slot *slot)
{
	slot->next = NULL;
	if (queue->last)
		queue->last->next = slot;
	else
		queue->first = slot;
	queue->last = slot;
}

struct slot *slot_queue_pop(struct slot_queue *queue)
{
	struct slot *slot = queue->first;

	if (!slot)
		return NULL;
	queue->first = slot->next;
	if (!queue->first)
		queue->last = NULL;
	slot->next = NULL;
	return slot;
}
