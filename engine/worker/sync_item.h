/* SPDX-License-Identifier: MIT */
/* SYNC: all that was written to the destination's filesystem reaches its medium. */
#ifndef ENGINE_WORKER_SYNC_ITEM_H
#define ENGINE_WORKER_SYNC_ITEM_H

#include "worker/executor.h"

void sync_item(struct executor *executor, struct work *work);

#endif
