/* SPDX-License-Identifier: MIT */
/*
 * A work item: something bounded that one worker does and that can be done again. The coordinator
 * keeps an item until it is answered, so that it can hand it to another worker.
 */
#ifndef ENGINE_JOB_ITEM_H
#define ENGINE_JOB_ITEM_H

#include <stdbool.h>
#include <stdint.h>

#include "job/directory.h"
#include "wire/message.h"

struct comparison;
struct large;
struct link;
struct telling;

/* What failed of an item. */
struct item_failure {
	struct wire_failure what;
	char *name; /* of the entry, where the index doesn't tell; or NULL */
};

/* What became of an entry other than a plain copy. */
struct item_outcome {
	struct wire_outcome what;
	char *backup; /* its name, or NULL */
};

/* What a comparison found. */
struct item_difference {
	struct wire_difference what;
	char *name;                     /* of the entry, where the index doesn't tell it; or NULL */
	char *detail[DIFFERENCE_SIDES]; /* or NULL */
};

struct item {
	struct item *next; /* in a queue, or among what a worker has */
	struct item *previous;
	struct directory *directory;
	enum wire_type type;
	uint32_t flags;               /* enum item_flag */
	uint32_t slot;                /* in the ledger while a worker has it */
	uint16_t crashes;             /* workers that it took down */
	uint16_t kills;               /* workers that were killed over it */
	struct item_failure *failure; /* told when the item is answered: a retry starts anew */
	uint32_t failure_count;
	uint32_t outcome_count;
	struct item_outcome *outcome; /* as failures */
	uint32_t difference_count;
	struct item_difference *difference; /* the same */
	uint32_t sum_count;
	struct wire_sum *sum;    /* of its entries' contents, as they came */
	uint32_t entry_flags;    /* LINK: enum entry_flag */
	struct telling *telling; /* what is said of it, if not what is said of its directory */
	bool listed;             /* LIST that continues: its entries are known */
	uint32_t entry_count;    /* FILES; 1 in COMPARE; else 0 */
	uint64_t planned_bytes;  /* what it adds to the plan */
	struct link *links;      /* first names of hard links among its entries */
	union {
		uint64_t position; /* LIST, EXTRA */
		struct {           /* PREPARE, RANGE, COMMIT, COMPARE */
			union {
				struct large *large;
				struct comparison *comparison; /* COMPARE; it is one of its users */
			};
			uint64_t offset;
			uint64_t length;
			struct wire_manner manner; /* RANGE: these three */
			unsigned trial;            /* of the pair's tuner */
			uint64_t given_ns;
		};
		struct link *existing; /* LINK: what to link to */
	};
	size_t packed_bytes; /* FILES, COMPARE: packed entries; LINK: the new name and a NUL */
	size_t packed_capacity;
	uint8_t *packed;
};

/* Counts as one pending of its directory until it is freed. NULL when out of memory. */
struct item *item_new(enum wire_type type, struct directory *directory);
void item_free(struct item *item);

/* FILES, COMPARE: adds an entry; -ENOMEM. The entry's index is set. */
int item_add_entry(struct item *item, const struct wire_entry *entry, struct wire_text name,
	struct wire_text target);
/* All of them, to be taken one by one. */
struct wire_view item_view(const struct item *item);
/* The name and target name of an entry; -ENOENT. */
int item_entry(const struct item *item, uint32_t index, const struct wire_entry **ret_entry,
	struct wire_text *ret_name, struct wire_text *ret_target);

/* Keeps what failed until the item is answered; -ENOMEM. item_forget_answers for a retry. */
int item_add_failure(struct item *item, const struct wire_failure *what, struct wire_text name);
int item_add_outcome(struct item *item, const struct wire_outcome *what, struct wire_text backup);
int item_add_difference(struct item *item, const struct wire_difference *what,
	struct wire_text name, const struct wire_text detail[DIFFERENCE_SIDES]);
int item_add_sum(struct item *item, const struct wire_sum *sum);
const struct wire_sum *item_find_sum(const struct item *item, uint32_t index); /* or NULL */
void item_forget_answers(struct item *item);
/* The outcome of an entry that is of one of these kinds (bits 1 << kind), or NULL. */
const struct item_outcome *item_find_outcome(
	const struct item *item, uint32_t index, unsigned kinds);
bool item_failed(const struct item *item);                       /* other than with warnings */
bool item_entry_failed(const struct item *item, uint32_t index); /* the same */

/* Is it about a large file: are large, offset and length its own? */
bool item_is_large(const struct item *item);
/* Or about a part of one that is compared? */
bool item_is_part(const struct item *item);

/* What it costs to keep it. */
size_t item_memory_bytes(const struct item *item);

/* A queue of items, in order. Zeroed is empty. */
struct item_queue {
	struct item *first;
	struct item *last;
	uint64_t count;
	uint64_t entries;
	size_t memory_bytes;
};

void queue_push_back(struct item_queue *queue, struct item *item);
void queue_push_front(struct item_queue *queue, struct item *item);
void queue_remove(struct item_queue *queue, struct item *item);
struct item *queue_pop(struct item_queue *queue); /* the first, or NULL */
/* Gives up all of them, with the directories that only they needed. */
void queue_discard(struct item_queue *queue);

/* The ledger numbers what workers have, so that an answer finds its item. An id is never used
 * twice, and only the worker that has the item can answer it: a late or wrong answer finds nothing.
 */
struct ledger {
	struct ledger_slot {
		struct item *item;
		uint32_t generation;
		unsigned worker; /* who has it, by index */
		uint32_t next_free;
	} * slot;
	uint32_t count;
	uint32_t first_free; /* index + 1; 0: none */
};

int ledger_enter(struct ledger *ledger, struct item *item, unsigned worker, uint64_t *ret_id);
/* NULL: this worker has no such item. */
struct item *ledger_find(const struct ledger *ledger, uint64_t id, unsigned worker);
void ledger_leave(struct ledger *ledger, struct item *item);
void ledger_free(struct ledger *ledger);

#endif
