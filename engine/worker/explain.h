/* SPDX-License-Identifier: MIT */
/*
 * Tells the coordinator how files are copied, if the user wants to know: with options.explain what
 * was not told before of the file's class and the work's filesystems, and with options.debug what
 * was done with each file (its index as in FILES, else 0).
 */
#ifndef ENGINE_WORKER_EXPLAIN_H
#define ENGINE_WORKER_EXPLAIN_H

#include "worker/executor.h"

/* A file was copied as one buffer. */
void explain_small(struct executor *executor, const struct work *work, uint32_t index);

/* By a transfer, which knows how. */
void explain_transfer(struct executor *executor, const struct work *work, uint32_t index,
	enum file_class file_class, const struct transfer *transfer);

/* From or to something that is not a regular file. */
void explain_pour(struct executor *executor, const struct work *work, uint32_t index);

#endif
