/* SPDX-License-Identifier: MIT */
/* An item as a worker has it, from its arrival until it is answered. */
#ifndef ENGINE_WORKER_WORK_H
#define ENGINE_WORKER_WORK_H

#include <stdbool.h>
#include <stdint.h>

#include "io/tree.h"
#include "wire/message.h"

struct work {
	struct work *next;
	enum wire_type type;
	union {
		const void *body;             /* as the type says */
		const struct wire_item *item; /* each body begins with it */
		const struct wire_list *list;
		const struct wire_link *link;
		const struct wire_large *large;
		const struct wire_compare *compare;
		const struct wire_finish *finish;
	};
	struct wire_text path;
	struct wire_view rest; /* behind the path: entries, names */
	uint32_t entries_left; /* FILES: not begun */
	unsigned users;        /* slots that work for it, and itself while it is being begun */
	bool begun;
	struct tree_directory *source; /* held while it works */
	struct tree_directory *target;
	struct wire_done sums;
	uint64_t record[];
};

/* First in, first out. Zeroed is empty. */
struct work_queue {
	struct work *first;
	struct work *last;
};

/* Copies what the view shows, an item's record. -EPROTO or -ENOMEM. */
int work_new(const struct wire_view *view, struct work **ret_work);
void work_free(struct work *work);

/* The next entry of the item that was not begun yet. 0; -ENOENT: there is none; -EPROTO: it is not
 * what it should be, and none is left. */
int work_take_entry(struct work *work, const struct wire_entry **ret_entry,
	struct wire_text *ret_name, struct wire_text *ret_target);

void work_queue_push(struct work_queue *queue, struct work *work);
void work_queue_push_front(struct work_queue *queue, struct work *work);
struct work *work_queue_pop(struct work_queue *queue); /* NULL: empty */

#endif
