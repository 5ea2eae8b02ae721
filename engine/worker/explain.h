/* SPDX-License-Identifier: MIT */
/* Tells the coordinator how files are copied, if the user wants to know. */
#ifndef ENGINE_WORKER_EXPLAIN_H
#define ENGINE_WORKER_EXPLAIN_H

#include "worker/executor.h"

/* A file of this class was copied from one of the work's filesystems to the other. Tells only what
 * was not told before. */
void explain_file(struct executor *executor, const struct work *work, enum file_class file_class,
	enum job_strategy way);

/* The same after a transfer, which knows how. */
void explain_transfer(struct executor *executor, const struct work *work,
	enum file_class file_class, const struct transfer *transfer);

#endif
