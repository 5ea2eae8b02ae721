/* SPDX-License-Identifier: MIT */
/* The items of a removal. They wait for nothing, so they need no slot. */
#ifndef ENGINE_WORKER_REMOVE_ITEM_H
#define ENGINE_WORKER_REMOVE_ITEM_H

#include "worker/executor.h"

/* LIST: removes what a part of a directory holds, all but directories, and tells about those. */
void remove_listed(struct executor *executor, struct work *work);
/* FILES: removes entries. */
void remove_entries(struct executor *executor, struct work *work);
/* FINISH: removes the directory, which should be empty by now. */
void remove_directory(struct executor *executor, struct work *work);

#endif
