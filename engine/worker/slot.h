/* SPDX-License-Identifier: MIT */
/*
 * A slot is one thing in flight: a file, a listing, a large file's part. It runs as far as it can
 * without waiting, then parks on a request of the ring, whose completion finds it by its tag.
 */
#ifndef ENGINE_WORKER_SLOT_H
#define ENGINE_WORKER_SLOT_H

#include <stddef.h>
#include <stdint.h>

#include "io/tag.h"

struct executor;
struct slot;

enum slot_kind {
	SLOT_FILE,
	SLOT_LISTING,
	SLOT_PART,
	SLOT_KINDS,
};

#define SLOT_FILES    64 /* small files in flight: what a cold disk needs (bench) */
#define SLOT_LISTINGS 4
#define SLOT_PARTS    4
#define SLOT_COUNT    (SLOT_FILES + SLOT_LISTINGS + SLOT_PARTS)

struct slot_type {
	enum slot_kind kind;
	/* Its turn has come: it was put in a queue. */
	void (*run)(struct executor *executor, struct slot *slot);
	/* A request of it is complete. */
	void (*complete)(
		struct executor *executor, struct slot *slot, struct ring_tag tag, int result);
};

/* Embedded as the first member of what is in flight. */
struct slot {
	const struct slot_type *type;
	struct slot *next; /* among the free ones, or in a queue */
	uint32_t generation;
	uint16_t index;
};

struct slot_table {
	struct slot *by_index[SLOT_COUNT];
	struct slot *free[SLOT_KINDS];
	void *memory[SLOT_KINDS];
	unsigned busy;
};

struct slot_queue {
	struct slot *first;
	struct slot *last;
};

/* `bytes` are the sizes of what embeds a slot, by kind; no more than `files_max` files are ever in
 * flight. -ENOMEM. */
int slot_table_open(struct slot_table *table, const size_t bytes[SLOT_KINDS], unsigned files_max);
void slot_table_close(struct slot_table *table);

/* NULL: all of the kind are in flight. Members other than the slot are as they were left. */
struct slot *slot_take(struct slot_table *table, const struct slot_type *type);
void slot_give_back(struct slot_table *table, struct slot *slot);

struct ring_tag slot_tag(const struct slot *slot, uint8_t operation);
/* The slot that a tag is of. A tag of a slot that was given back meanwhile is a bug. */
struct slot *slot_of_tag(const struct slot_table *table, struct ring_tag tag);

void slot_queue_push(struct slot_queue *queue, struct slot *slot);
struct slot *slot_queue_pop(struct slot_queue *queue); /* NULL: empty */

#endif
