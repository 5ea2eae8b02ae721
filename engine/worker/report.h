/* SPDX-License-Identifier: MIT */
/*
 * Answers to the coordinator, gathered so that many small ones travel together, and what readers of
 * the progress region are told at the same time.
 */
#ifndef ENGINE_WORKER_REPORT_H
#define ENGINE_WORKER_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/message.h"

/* Answers wait for others until there is this much of them, or this long. */
#define REPORT_FLUSH_BYTES (32 * 1024)
#define REPORT_FLUSH_NS    (5 * 1000 * 1000)

struct report {
	int channel;
	int error; /* 0, or -errno: the coordinator can't be reached any more */
	struct wire_buffer buffer;
	uint64_t oldest_ns; /* when the oldest waiting answer was given */
};

/* -ENOMEM. The channel stays the caller's. */
int report_open(struct report *report, int channel);
void report_close(struct report *report);

void report_put(struct report *report, enum wire_type type, const void *body, size_t body_bytes);
/* `text` is one line for people, without a newline. */
void report_notice(struct report *report, const char *text);
/* `name` is of the entry, or empty where the failure's index tells it. */
void report_failure(
	struct report *report, const struct wire_failure *failure, struct wire_text name);

/* `name` is the backup's, or NULL. */
void report_outcome(struct report *report, const struct wire_outcome *outcome, const char *name);

/* Texts are empty where there are none. */
void report_difference(struct report *report, const struct wire_difference *difference,
	struct wire_text name, const struct wire_text detail[DIFFERENCE_SIDES]);

/* Room for a record of up to `bytes`, which the caller appends to the buffer it gets. */
struct wire_buffer *report_reserve(struct report *report, size_t bytes);

/* Sends what waits, if it is enough or old. Call it now and then, and report_flush before sleeping.
 */
void report_tick(struct report *report, uint64_t now_ns);
void report_flush(struct report *report);

#endif
