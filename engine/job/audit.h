/* SPDX-License-Identifier: MIT */
/*
 * What of a root is to be verified, on disk and not in memory: a record for each file, in an
 * unnamed file that is written while the root is copied and read when it is durable.
 */
#ifndef ENGINE_JOB_AUDIT_H
#define ENGINE_JOB_AUDIT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct audit {
	FILE *file;
	uint64_t count;    /* of records */
	uint64_t failures; /* of the root, when it was begun to be read */
	bool reading;      /* there may be more; keeps its root's top directory pending */
};

void audit_free(struct audit *audit); /* NULL is fine */

#endif
