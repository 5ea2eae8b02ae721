/* SPDX-License-Identifier: MIT */
/* LINK: a further name of a file that was copied under its first one. */
#ifndef ENGINE_WORKER_LINK_ITEM_H
#define ENGINE_WORKER_LINK_ITEM_H

#include "worker/executor.h"

void link_item(struct executor *executor, struct work *work);

#endif
