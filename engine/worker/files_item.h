/* SPDX-License-Identifier: MIT */
/* FILES: entries of one directory. */
#ifndef ENGINE_WORKER_FILES_ITEM_H
#define ENGINE_WORKER_FILES_ITEM_H

#include "worker/executor.h"

/* Begins one entry more. 1: there are more; 0: all were begun, and the item may be gone; -EAGAIN:
 * no slot is free. */
int files_begin(struct executor *executor, struct work *work);

/* An entry of the item is over. Answers when it was the last. */
void files_entry_over(struct executor *executor, struct work *work);

/* A symlink, FIFO, socket or device node: is over when this returns. */
void special_entry(struct executor *executor, struct work *work, const struct wire_entry *entry,
	struct wire_text name, struct wire_text target_name);

/* A link to a source instead of its copy; the same. */
void alias_entry(struct executor *executor, struct work *work, const struct wire_entry *entry,
	struct wire_text name, struct wire_text target_name);

/* Moves an entry within its filesystem. False: it must be copied. */
bool rename_entry(struct executor *executor, struct work *work, const struct wire_entry *entry,
	struct wire_text name, struct wire_text target_name);

#endif
