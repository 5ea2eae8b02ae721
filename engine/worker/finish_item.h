/* SPDX-License-Identifier: MIT */
/* FINISH: a directory's metadata, after all that is in it. */
#ifndef ENGINE_WORKER_FINISH_ITEM_H
#define ENGINE_WORKER_FINISH_ITEM_H

#include "worker/executor.h"

void finish_item(struct executor *executor, struct work *work);

#endif
