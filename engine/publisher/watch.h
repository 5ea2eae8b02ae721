/* SPDX-License-Identifier: MIT */
/*
 * One job that is being watched: reads its progress region as any reader does, and makes events of
 * what it finds.
 */
#ifndef ENGINE_PUBLISHER_WATCH_H
#define ENGINE_PUBLISHER_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "haul/progress.h"
#include "publisher/event.h"

struct watch;

/* Where events go. They come in the order of their `seq`. */
struct watch_target {
	void (*take)(void *context, const struct event *event);
	void *context;
};

/* Takes over `reader`, on failure too. Events are numbered from `first_seq` on. `now_ns` is
 * CLOCK_MONOTONIC, here and below. -ENOMEM. */
int watch_open(struct haul_reader *reader, uint64_t now_ns, uint64_t first_seq,
	const struct watch_target *target, struct watch **ret_watch);
void watch_close(struct watch *watch); /* NULL is fine */

const char *watch_job(const struct watch *watch);

enum watch_step {
	WATCH_RUNNING = 0,
	WATCH_ENDED = 1, /* the last event is out */
	WATCH_GONE = 2,  /* likewise, but the job died: its region says nothing final */
};

/* Reads what is new, hands it on, and says how the job is doing when that is due: every
 * WATCH_PROGRESS_NS while it moves, less often while it stands still. Takes bounded time. Returns
 * an enum watch_step, or -EPROTO when the region contradicts itself; the last event is out then
 * too. */
int watch_step(struct watch *watch, uint64_t now_ns);

#define WATCH_PROGRESS_NS UINT64_C(50000000)

/* Whether the last step found something. If not, sleeping on the region's bell is cheaper than
 * looking again. */
bool watch_moved(const struct watch *watch);

/* Sleeps until the job has news, at most `timeout_ms`. Returns 0, or -errno: -EINTR on a signal. */
int watch_wait(struct watch *watch, int timeout_ms);

#endif
