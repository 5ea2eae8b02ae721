/* SPDX-License-Identifier: MIT */
#include "publisher/event.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "publisher/scan.h"
#include "util/utf8.h"

#define NS_PER_S  UINT64_C(1000000000)
#define NS_PER_US 1000u

static void write_text(struct json *json, const char *key, struct event_text text)
{
	json_key(json, key);
	json_string(json, text.data, text.bytes);
}

static void write_string(struct json *json, const char *key, const char *text)
{
	write_text(json, key, (struct event_text){text, strlen(text)});
}

static void write_integer(struct json *json, const char *key, uint64_t value)
{
	json_key(json, key);
	json_integer(json, value);
}

/* Text that may be any bytes: readable as `key`, and exact as `exact_key` where that differs. */
static void write_bytes(
	struct json *json, const char *key, const char *exact_key, struct event_text text)
{
	write_text(json, key, text);
	if (utf8_valid(text.data, text.bytes))
		return;
	json_key(json, exact_key);
	json_base64(json, text.data, text.bytes);
}

static const char *job_state_name(enum event_job_state state)
{
	static const char *const name[] = {
		[EVENT_JOB_STARTED] = "started",
		[EVENT_JOB_PAUSED] = "paused",
		[EVENT_JOB_RESUMED] = "resumed",
		[EVENT_JOB_DONE] = "done",
		[EVENT_JOB_FAILED] = "failed",
		[EVENT_JOB_CANCELLED] = "cancelled",
	};

	return name[state];
}

static void write_job(const struct event_job *job, struct json *json)
{
	const char *argument = job->arguments;
	unsigned source_count = job->argument_count - (job->has_destination ? 1 : 0);

	write_string(json, "state", job_state_name(job->state));
	write_string(json, "op", job->operation);
	json_key(json, "sources");
	json_array(json);
	for (unsigned at = 0; at < source_count; at++) {
		json_string(json, argument, strlen(argument));
		argument += strlen(argument) + 1;
	}
	json_array_end(json);
	if (job->has_destination)
		write_string(json, "dest", argument);
	if (job->has_exit) {
		json_key(json, "exit");
		json_signed(json, job->exit_status);
	}
	if (job->message)
		write_string(json, "message", job->message);
}

const char *event_state_word(enum haul_state state)
{
	switch (state) {
	case HAUL_STATE_PAUSED:
		return "paused";
	case HAUL_STATE_DONE:
		return "done";
	case HAUL_STATE_FAILED:
		return "failed";
	case HAUL_STATE_CANCELLED:
		return "cancelled";
	default:
		return "running";
	}
}

enum haul_state event_state_after(enum event_job_state change)
{
	switch (change) {
	case EVENT_JOB_PAUSED:
		return HAUL_STATE_PAUSED;
	case EVENT_JOB_DONE:
		return HAUL_STATE_DONE;
	case EVENT_JOB_FAILED:
		return HAUL_STATE_FAILED;
	case EVENT_JOB_CANCELLED:
		return HAUL_STATE_CANCELLED;
	default:
		return HAUL_STATE_RUNNING;
	}
}

static void write_counters(const uint64_t *counter, struct json *json)
{
	json_key(json, "files");
	json_object(json);
	write_integer(json, "planned", counter[HAUL_FILES_PLANNED]);
	write_integer(json, "done", counter[HAUL_FILES_DONE]);
	write_integer(json, "failed", counter[HAUL_FILES_FAILED]);
	write_integer(json, "skipped", counter[HAUL_FILES_SKIPPED]);
	json_object_end(json);
	json_key(json, "bytes");
	json_object(json);
	write_integer(json, "planned", counter[HAUL_BYTES_PLANNED]);
	write_integer(json, "read", counter[HAUL_BYTES_READ]);
	write_integer(json, "accepted", counter[HAUL_BYTES_ACCEPTED]);
	write_integer(json, "durable", counter[HAUL_BYTES_DURABLE]);
	json_object_end(json);
}

static void write_progress(const struct event_progress *progress, struct json *json)
{
	write_string(json, "state", event_state_word(progress->totals.state));
	write_counters(progress->totals.counter, json);
	json_key(json, "planning_done");
	json_bool(json, progress->totals.planning_done);
	json_key(json, "rate_bytes_per_s");
	json_decimal(json, progress->rate_bytes_per_s);
	json_key(json, "eta_s");
	if (progress->eta_known)
		json_decimal(json, progress->eta_s);
	else
		json_null(json);
	json_key(json, "current");
	json_array(json);
	for (unsigned at = 0; at < progress->current_count; at++)
		json_string(json, progress->current[at].data, progress->current[at].bytes);
	json_array_end(json);
	if (progress->unwritten_bytes)
		write_integer(json, "unwritten_bytes", progress->unwritten_bytes);
	if (progress->lost_events)
		write_integer(json, "lost_events", progress->lost_events);
}

static void write_errno(struct json *json, int error)
{
	const char *name = strerrorname_np(error);
	char number[16];

	if (!name)
		snprintf(number, sizeof(number), "%d", error);
	write_string(json, "errno", name ? name : number);
}

static void write_file(const struct event_file *file, struct json *json)
{
	static const char *const state[] = {
		[EVENT_FILE_DONE] = "done",
		[EVENT_FILE_FAILED] = "failed",
		[EVENT_FILE_SKIPPED] = "skipped",
	};

	write_bytes(json, "path", "path_base64", file->path);
	write_string(json, "state", state[file->state]);
	write_integer(json, "bytes", file->bytes);
	if (file->error)
		write_errno(json, file->error);
	if (file->message.bytes)
		write_text(json, "message", file->message);
	else if (file->error)
		write_string(json, "message", strerror(file->error));
}

static void write_device(struct event_text device, struct json *json)
{
	struct scan_value object = {.text = device.data, .bytes = device.bytes};
	struct scan members;

	/* The caller has checked that it is an object. */
	scan_text(device.data, device.bytes, &object);
	members = scan_enter(&object);
	if (object.count)
		json_raw(json, members.at, (size_t)(members.end - members.at));
}

static const char *serial_state_name(enum haul_serial_state state)
{
	static const char *const name[] = {
		[HAUL_SERIAL_OPENED] = "opened",
		[HAUL_SERIAL_LINE] = "line",
		[HAUL_SERIAL_PROGRESS] = "progress",
		[HAUL_SERIAL_CLOSED] = "closed",
		[HAUL_SERIAL_LOST] = "lost",
		[HAUL_SERIAL_DROPPED] = "dropped",
	};

	return name[state];
}

static void write_serial(const struct event_serial *serial, struct json *json)
{
	write_text(json, "port", serial->port);
	write_string(json, "state", serial_state_name(serial->state));
	write_bytes(json, "data", "data_base64", serial->data);
}

bool event_must_arrive(const struct event *event)
{
	switch (event->type) {
	case EVENT_PROGRESS:
		return false;
	case EVENT_FILE:
		return event->file.state == EVENT_FILE_FAILED;
	case EVENT_SERIAL:
		return event->serial.state != HAUL_SERIAL_LINE &&
		       event->serial.state != HAUL_SERIAL_PROGRESS;
	default:
		return true;
	}
}

bool event_is_last(const struct event *event)
{
	return event->type == EVENT_JOB && event->job_state.state >= EVENT_JOB_DONE;
}

void event_write(const struct event *event, struct json *json)
{
	static const char *const name[] = {
		[EVENT_JOB] = "job",
		[EVENT_PROGRESS] = "progress",
		[EVENT_FILE] = "file",
		[EVENT_DEVICE] = "device",
		[EVENT_SERIAL] = "serial",
	};
	char time[EVENT_TIME_BYTES];

	json_object(json);
	write_string(json, "event", name[event->type]);
	write_string(json, "job", event->job);
	write_integer(json, "seq", event->seq);
	write_string(json, "time", event_time(event->time_ns, time));
	switch (event->type) {
	case EVENT_JOB:
		write_job(&event->job_state, json);
		break;
	case EVENT_PROGRESS:
		write_progress(&event->progress, json);
		break;
	case EVENT_FILE:
		write_file(&event->file, json);
		break;
	case EVENT_DEVICE:
		write_device(event->device, json);
		break;
	case EVENT_SERIAL:
		write_serial(&event->serial, json);
		break;
	}
	json_object_end(json);
}

const char *event_time(uint64_t time_ns, char ret_text[EVENT_TIME_BYTES])
{
	time_t seconds = (time_t)(time_ns / NS_PER_S);
	unsigned microseconds = (unsigned)(time_ns % NS_PER_S / NS_PER_US);
	struct tm tm = {0};
	size_t used;

	gmtime_r(&seconds, &tm);
	used = strftime(ret_text, EVENT_TIME_BYTES, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(ret_text + used, EVENT_TIME_BYTES - used, ".%06uZ", microseconds);
	return ret_text;
}
