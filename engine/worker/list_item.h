/* SPDX-License-Identifier: MIT */
/* LIST: what a directory holds, and the directory's own state. */
#ifndef ENGINE_WORKER_LIST_ITEM_H
#define ENGINE_WORKER_LIST_ITEM_H

#include "worker/executor.h"

/* Does the item, or begins it. 0, or -EAGAIN: no slot is free. */
int list_begin(struct executor *executor, struct work *work);

/* What a listing needs; for the slot table. */
extern const size_t list_slot_bytes;

#endif
