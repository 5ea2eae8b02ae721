/* SPDX-License-Identifier: MIT */
/* --dry-run: what items would do, as far as it can be known without doing it. Nothing is opened for
 * writing, made, changed or removed. */
#ifndef ENGINE_WORKER_REHEARSE_ITEM_H
#define ENGINE_WORKER_REHEARSE_ITEM_H

#include "worker/executor.h"

/* Does any item, or begins it; as begin_work of worker.c. */
int rehearse_begin(struct executor *executor, struct work *work);

/* LIST: what would make its directory fail; OPERATION_NONE: nothing. As make_directory of
 * list_item.c. */
enum wire_operation rehearse_directory(struct executor *executor, const struct work *work,
	struct wire_directory *directory, int *ret_error);

#endif
