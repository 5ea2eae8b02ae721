/* SPDX-License-Identifier: MIT */
/*
 * The five events that watchers of a job get, whatever carries them: docs/events.schema.json
 * describes their JSON. An event and the texts in it are valid while it is handed around, and no
 * longer.
 */
#ifndef ENGINE_PUBLISHER_EVENT_H
#define ENGINE_PUBLISHER_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "haul/progress.h"
#include "util/json.h"

#define EVENT_CURRENT_MAX 8             /* files named in a progress event */
#define EVENT_JSON_BYTES  (1024 * 1024) /* holds any event */

enum event_type {
	EVENT_JOB,
	EVENT_PROGRESS,
	EVENT_FILE,
	EVENT_DEVICE,
	EVENT_SERIAL,
};

struct event_text {
	const char *data;
	size_t bytes;
};

enum event_job_state {
	EVENT_JOB_STARTED,
	EVENT_JOB_PAUSED,
	EVENT_JOB_RESUMED,
	EVENT_JOB_DONE,
	EVENT_JOB_FAILED,
	EVENT_JOB_CANCELLED,
};

struct event_job {
	enum event_job_state state;
	const char *operation;
	const char
		*arguments; /* each ended by a NUL; the last is the destination, if there is one */
	unsigned argument_count;
	bool has_destination;
	bool has_exit;
	int exit_status;
	const char *message; /* NULL: nothing to add */
};

struct event_progress {
	const char *operation;
	struct haul_totals totals;
	double elapsed_s;
	double rate_bytes_per_s;
	double rate_files_per_s;
	bool eta_known;
	double eta_s;
	uint64_t
		unwritten_bytes; /* while it only waits for those, whose speed is told then; or 0 */
	uint64_t lost_events;    /* so far: records that were overwritten before they were read */
	struct event_text current[EVENT_CURRENT_MAX];
	unsigned current_count;
};

enum event_file_state {
	EVENT_FILE_DONE,
	EVENT_FILE_FAILED,
	EVENT_FILE_SKIPPED,
};

struct event_file {
	enum event_file_state state;
	struct event_text path;
	uint64_t bytes;
	int error; /* errno or 0 */
	struct event_text message;
};

struct event_serial {
	enum haul_serial_state state;
	struct event_text port;
	struct event_text data;
};

struct event {
	enum event_type type;
	const char *job;
	uint64_t seq;
	uint64_t time_ns; /* since 1970 */
	union {
		struct event_job job_state;
		struct event_progress progress;
		struct event_file file;
		struct event_text device; /* a valid JSON object: a device event's own members */
		struct event_serial serial;
	};
};

/* Whether watchers may never miss it; others give way when too much happens. */
bool event_must_arrive(const struct event *event);

/* Whether it is the last one of its job. */
bool event_is_last(const struct event *event);

/* What a job's state is called, and which one it is in after a change. */
const char *event_state_word(enum haul_state state);
enum haul_state event_state_after(enum event_job_state change);

/* Writes the event as one JSON object. A look at json->overflow tells whether it fitted. */
void event_write(const struct event *event, struct json *json);

#define EVENT_TIME_BYTES 32
/* "2026-01-31T23:59:59.000001Z" */
const char *event_time(uint64_t time_ns, char ret_text[EVENT_TIME_BYTES]);

#endif
