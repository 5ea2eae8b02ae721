/* SPDX-License-Identifier: MIT */
/* Content that can only be read or written in a row: of FIFOs, devices and terminals. */
#ifndef ENGINE_WORKER_POUR_H
#define ENGINE_WORKER_POUR_H

#include "worker/executor.h"

/* Reads from one descriptor to its end and writes all to the other, waiting for whoever is at the
 * other end. Counts what it moved. 0 or -errno, *ret_operation telling of what. */
int pour_content(struct executor *executor, struct work *work, int from, int to,
	uint64_t *ret_bytes, enum wire_operation *ret_operation);

#endif
