/* SPDX-License-Identifier: MIT */
#include "publisher/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "publisher/current.h"
#include "publisher/rate.h"
#include "publisher/scan.h"

#define NS_PER_S          1e9
#define IDLE_PROGRESS_NS  UINT64_C(100000000)
#define PAUSE_PROGRESS_NS UINT64_C(1000000000)
#define PULSE_NS          UINT64_C(200000000) /* how often to see whether the coordinator lives */
#define STEP_RECORDS_MAX  16384u              /* a step ends, however fast the writers are */

struct watch {
	struct haul_reader *reader;
	const struct haul_header *header;
	struct watch_target target;
	char job[HAUL_JOB_BYTES + 1];
	char operation[sizeof(((struct haul_header *)0)->operation) + 1];
	unsigned argument_count; /* those that are really there */
	uint64_t next_seq;
	enum haul_state state; /* as the events say it */
	struct rate rate;
	struct current current;
	struct haul_totals totals; /* as of the last progress event */
	uint64_t unwritten_bytes;
	uint64_t lost;
	uint64_t progress_ns; /* when it was told last */
	uint64_t pulse_ns;
	uint64_t told_ns; /* the time of the last event */
	uint64_t end_ns;  /* when the job ended, 0: not known */
	bool moved;
	bool gone;
	bool silent; /* it has no progress */
};

static struct event_text text_of(const char *text, size_t bytes)
{
	return (struct event_text){text, bytes};
}

/* Wall-clock time of a moment on the monotonic clock. */
static uint64_t wall_ns(const struct watch *watch, uint64_t time_ns)
{
	return watch->header->start_realtime_ns + (time_ns - watch->header->start_monotonic_ns);
}

/* Lanes are merged by time, but a record may come to light late: time never runs backwards all the
 * same. */
static void emit(struct watch *watch, struct event *event, uint64_t time_ns)
{
	if (time_ns < watch->told_ns)
		time_ns = watch->told_ns;
	watch->told_ns = time_ns;
	event->job = watch->job;
	event->seq = watch->next_seq++;
	event->time_ns = wall_ns(watch, time_ns);
	watch->target.take(watch->target.context, event);
}

/* ---- the job ---- */

static unsigned count_arguments(const struct haul_header *header)
{
	const char *at = header->arguments;
	const char *end = at + HAUL_ARGUMENT_BYTES;
	unsigned count = 0;

	while (count < header->argument_count) {
		const char *nul = memchr(at, '\0', (size_t)(end - at));

		if (!nul)
			break;
		at = nul + 1;
		count++;
	}
	return count;
}

/* Removals have no destination, and one that was cut off is not known. */
static bool has_destination(const struct watch *watch)
{
	return watch->argument_count > 1 && !watch->header->arguments_cut &&
	       strcmp(watch->operation, "rm") != 0;
}

static void emit_job(
	struct watch *watch, enum event_job_state state, uint64_t time_ns, const char *message)
{
	struct event event = {
		.type = EVENT_JOB,
		.job_state =
			{
				.state = state,
				.operation = watch->operation,
				.arguments = watch->header->arguments,
				.argument_count = watch->argument_count,
				.has_destination = has_destination(watch),
				.has_exit = state >= EVENT_JOB_DONE && !message,
				.exit_status = watch->totals.exit_status,
				.message = message,
			},
	};

	emit(watch, &event, time_ns);
}

/* With what it waits for, unless that is its user. */
static void emit_paused(struct watch *watch, uint64_t time_ns)
{
	char words[sizeof(watch->header->waits_for) + 16];
	int bytes = (int)strnlen(watch->header->waits_for, sizeof(watch->header->waits_for));

	snprintf(words, sizeof(words), "waits for %.*s", bytes, watch->header->waits_for);
	emit_job(watch, EVENT_JOB_PAUSED, time_ns, bytes ? words : NULL);
}

static void set_state(struct watch *watch, enum haul_state state, uint64_t time_ns)
{
	if (state == watch->state)
		return;
	if (state == HAUL_STATE_PAUSED)
		emit_paused(watch, time_ns);
	else if (state == HAUL_STATE_RUNNING)
		emit_job(watch, EVENT_JOB_RESUMED, time_ns, NULL);
	else
		return; /* final: told when everything else is */
	watch->state = state;
}

/* ---- progress ---- */

static void raise_to(uint64_t *counter, uint64_t least)
{
	if (*counter < least)
		*counter = least;
}

/* Counters are read one by one while they rise, so that one may seem to be behind what can't be
 * ahead of it. */
static struct haul_totals read_totals(const struct watch *watch)
{
	struct haul_totals totals;
	uint64_t *count;

	haul_reader_totals(watch->reader, &totals);
	count = totals.counter;
	raise_to(&count[HAUL_BYTES_ACCEPTED], count[HAUL_BYTES_DURABLE]);
	raise_to(&count[HAUL_BYTES_READ], count[HAUL_BYTES_ACCEPTED]);
	raise_to(&count[HAUL_BYTES_PLANNED], count[HAUL_BYTES_READ]);
	raise_to(&count[HAUL_FILES_PLANNED],
		count[HAUL_FILES_DONE] + count[HAUL_FILES_FAILED] + count[HAUL_FILES_SKIPPED]);
	return totals;
}

static void emit_progress(struct watch *watch, uint64_t now_ns)
{
	struct event event = {
		.type = EVENT_PROGRESS,
		.progress =
			{
				.operation = watch->operation,
				.totals = watch->totals,
				.elapsed_s = (double)(now_ns - watch->header->start_monotonic_ns) /
					     NS_PER_S,
				.lost_events = watch->lost,
			},
	};
	struct event_progress *progress = &event.progress;

	if (watch->totals.state == HAUL_STATE_RUNNING) {
		progress->rate_bytes_per_s = rate_bytes_per_s(&watch->rate);
		progress->rate_files_per_s = rate_files_per_s(&watch->rate);
		progress->eta_known = rate_eta(&watch->rate, &progress->eta_s);
		progress->current_count = current_list(&watch->current, progress->current);
		progress->unwritten_bytes = watch->unwritten_bytes;
	}
	emit(watch, &event, now_ns);
	watch->progress_ns = now_ns;
}

/* 0: it does something else. */
static uint64_t unwritten_bytes(const struct watch *watch)
{
	if (watch->totals.state != HAUL_STATE_RUNNING)
		return 0;
	return __atomic_load_n(&watch->header->unwritten_bytes, __ATOMIC_RELAXED);
}

static void update_rate(struct watch *watch, uint64_t now_ns)
{
	watch->unwritten_bytes = unwritten_bytes(watch);
	if (watch->unwritten_bytes)
		rate_update_writing(&watch->rate, now_ns, watch->unwritten_bytes);
	else
		rate_update(&watch->rate, now_ns, &watch->totals);
}

static bool totals_differ(const struct haul_totals *a, const struct haul_totals *b)
{
	return memcmp(a->counter, b->counter, sizeof(a->counter)) != 0 ||
	       a->planning_done != b->planning_done || a->state != b->state;
}

static void tell_progress(struct watch *watch, const struct haul_totals *totals, uint64_t now_ns)
{
	bool changed = totals_differ(&watch->totals, totals);
	uint64_t due_ns = changed ? WATCH_PROGRESS_NS : IDLE_PROGRESS_NS;

	if (totals->state == HAUL_STATE_PAUSED && !changed)
		due_ns = PAUSE_PROGRESS_NS;
	watch->moved = watch->moved || changed;
	if (watch->silent || now_ns - watch->progress_ns < due_ns)
		return;
	watch->totals = *totals;
	update_rate(watch, now_ns);
	emit_progress(watch, now_ns);
}

/* What had been done before something else happened: that a device is released is told after all on
 * it is durable. */
static void tell_before(struct watch *watch, uint64_t time_ns)
{
	struct haul_totals totals = read_totals(watch);

	totals.state = watch->state;
	if (watch->silent || !totals_differ(&watch->totals, &totals))
		return;
	watch->totals = totals;
	watch->unwritten_bytes = unwritten_bytes(watch);
	emit_progress(watch, time_ns);
}

/* ---- records ---- */

static void take_file(
	struct watch *watch, const struct haul_record *record, enum event_file_state state)
{
	const struct haul_file *file = (const void *)(record + 1);
	struct event event = {
		.type = EVENT_FILE,
		.file =
			{
				.state = state,
				.path = text_of(file->text, file->path_bytes),
				.bytes = file->bytes,
				.error = file->error,
				.message =
					text_of(file->text + file->path_bytes, file->message_bytes),
			},
	};

	current_finish(&watch->current, event.file.path);
	emit(watch, &event, record->time_ns);
}

static void take_started(struct watch *watch, const struct haul_record *record)
{
	const struct haul_file *file = (const void *)(record + 1);

	current_start(&watch->current, text_of(file->text, file->path_bytes));
}

static void take_state(struct watch *watch, const struct haul_record *record)
{
	const struct haul_job_state *state = (const void *)(record + 1);

	/* The header says the state; this says since when. */
	if (state->state >= HAUL_STATE_DONE)
		watch->end_ns = record->time_ns;
}

static void take_device(struct watch *watch, const struct haul_record *record)
{
	const struct haul_text *text = (const void *)(record + 1);
	struct event event = {
		.type = EVENT_DEVICE,
		.device = text_of(text->text, text->text_bytes),
	};
	struct scan_value value;

	if (!scan_text(text->text, text->text_bytes, &value) || value.type != SCAN_OBJECT) {
		watch->lost++;
		return;
	}
	tell_before(watch, record->time_ns);
	emit(watch, &event, record->time_ns);
}

static void take_serial(struct watch *watch, const struct haul_record *record)
{
	const struct haul_serial *serial = (const void *)(record + 1);
	struct event event = {
		.type = EVENT_SERIAL,
		.serial =
			{
				.state = (enum haul_serial_state)serial->state,
				.port = text_of(serial->text, serial->port_bytes),
				.data = text_of(
					serial->text + serial->port_bytes, serial->data_bytes),
			},
	};

	if (serial->state <= HAUL_SERIAL_DROPPED)
		emit(watch, &event, record->time_ns);
	else
		watch->lost++;
}

static void take_record(struct watch *watch, const struct haul_record *record)
{
	switch (record->type) {
	case HAUL_RECORD_FILE_STARTED:
		take_started(watch, record);
		break;
	case HAUL_RECORD_FILE_DONE:
		take_file(watch, record, EVENT_FILE_DONE);
		break;
	case HAUL_RECORD_FILE_FAILED:
		take_file(watch, record, EVENT_FILE_FAILED);
		break;
	case HAUL_RECORD_FILE_SKIPPED:
		take_file(watch, record, EVENT_FILE_SKIPPED);
		break;
	case HAUL_RECORD_JOB_STATE:
		take_state(watch, record);
		break;
	case HAUL_RECORD_DEVICE:
		take_device(watch, record);
		break;
	case HAUL_RECORD_SERIAL:
		take_serial(watch, record);
		break;
	default: /* notices are the coordinator's to print, and later types unknown */
		break;
	}
}

/* Returns whether all lanes are read to their end, or -EPROTO. */
static int drain(struct watch *watch)
{
	for (unsigned taken = 0; taken < STEP_RECORDS_MAX; taken++) {
		const struct haul_record *record;
		unsigned lane;
		uint64_t lost;
		int next = haul_reader_next(watch->reader, &record, &lane, &lost);

		if (next < 0)
			return next;
		if (next == HAUL_NEXT_NOTHING)
			return 1;
		watch->moved = true;
		if (next == HAUL_NEXT_OVERRUN) {
			watch->lost += lost;
			current_clear(&watch->current);
		} else {
			take_record(watch, record);
		}
	}
	return 0;
}

/* ---- the whole ---- */

static int end(struct watch *watch, const struct haul_totals *totals, uint64_t now_ns)
{
	uint64_t end_ns = watch->end_ns ? watch->end_ns : now_ns;
	enum event_job_state last = EVENT_JOB_DONE;

	if (totals->state == HAUL_STATE_CANCELLED)
		last = EVENT_JOB_CANCELLED;
	else if (totals->state != HAUL_STATE_DONE)
		last = EVENT_JOB_FAILED;
	watch->totals = *totals;
	emit_progress(watch, end_ns);
	emit_job(watch, last, end_ns, NULL);
	return WATCH_ENDED;
}

static int end_early(struct watch *watch, uint64_t now_ns, const char *message)
{
	watch->totals.state = HAUL_STATE_FAILED;
	emit_progress(watch, now_ns);
	emit_job(watch, EVENT_JOB_FAILED, now_ns, message);
	return WATCH_GONE;
}

static void check_pulse(struct watch *watch, uint64_t now_ns)
{
	if (now_ns - watch->pulse_ns < PULSE_NS)
		return;
	watch->pulse_ns = now_ns;
	watch_wait(watch, 0);
}

int watch_step(struct watch *watch, uint64_t now_ns)
{
	struct haul_totals totals;
	bool gone = watch->gone;
	int drained;

	/* The state is read before the records: once it is final, what is drained is all. */
	totals = read_totals(watch);
	watch->moved = false;
	drained = drain(watch);
	if (drained < 0) {
		end_early(watch, now_ns, "the progress region can't be read");
		return drained;
	}
	if (drained && totals.state >= HAUL_STATE_DONE)
		return end(watch, &totals, now_ns);
	if (drained && gone)
		return end_early(watch, now_ns, "the coordinator died");
	if (totals.state >= HAUL_STATE_DONE)
		return WATCH_RUNNING;
	if (drained)
		set_state(watch, totals.state, now_ns);
	tell_progress(watch, &totals, now_ns);
	check_pulse(watch, now_ns);
	return WATCH_RUNNING;
}

int watch_wait(struct watch *watch, int timeout_ms)
{
	int waited = haul_reader_wait(watch->reader, timeout_ms);

	if (waited == HAUL_WAIT_GONE)
		watch->gone = true;
	return waited < 0 ? waited : 0;
}

bool watch_moved(const struct watch *watch)
{
	return watch->moved;
}

const char *watch_job(const struct watch *watch)
{
	return watch->job;
}

int watch_open(struct haul_reader *reader, uint64_t now_ns, uint64_t first_seq,
	const struct watch_target *target, struct watch **ret_watch)
{
	const struct haul_header *header = haul_reader_header(reader);
	struct watch *watch = calloc(1, sizeof(*watch));

	if (!watch) {
		haul_reader_close(reader);
		return -ENOMEM;
	}
	watch->reader = reader;
	watch->header = header;
	watch->target = *target;
	watch->next_seq = first_seq;
	memcpy(watch->job, header->job, sizeof(header->job));
	memcpy(watch->operation, header->operation, sizeof(header->operation));
	watch->silent = strcmp(watch->operation, HAUL_WATCH_OPERATION) == 0;
	watch->argument_count = count_arguments(header);
	watch->totals = read_totals(watch);
	rate_start(&watch->rate, now_ns, &watch->totals);
	watch->progress_ns = now_ns;
	watch->pulse_ns = now_ns;
	emit_job(watch, EVENT_JOB_STARTED, header->start_monotonic_ns, NULL);
	*ret_watch = watch;
	return 0;
}

void watch_close(struct watch *watch)
{
	if (!watch)
		return;
	haul_reader_close(watch->reader);
	free(watch);
}
