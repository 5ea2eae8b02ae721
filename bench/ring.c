/* SPDX-License-Identifier: MIT */
/*
 * What the progress region costs those who write to it, and how fast it can be read.
 *
 *     make bench && build/bench/ring
 *
 * Each figure is the median of several rounds. "Watched" is with a reader that takes every record
 * it can get, on another CPU where there is one: what it costs the writer is the cache lines that
 * it reads, and nothing else.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "progress/region.h"
#include "util/clock.h"

#define ROUNDS     9
#define OPERATIONS 200000u

struct bench {
	struct region region;
	struct lane lane;
};

typedef void operation(struct lane *lane);

static void add_counter(struct lane *lane)
{
	lane_add(lane, HAUL_BYTES_READ, 4096);
}

/* A state's record is among the smallest: 32 bytes. */
static void append_small(struct lane *lane)
{
	struct haul_job_state body = {.state = HAUL_STATE_RUNNING};
	const struct iovec part = {.iov_base = &body, .iov_len = sizeof(body)};

	if (lane_append(lane, HAUL_RECORD_JOB_STATE, 1, &part, 1))
		abort();
}

/* What a worker appends per file: a path of 50 bytes in three parts, 96 bytes in all. */
static void append_file(struct lane *lane)
{
	static const struct lane_file file = {
		.directory = "usr/include/x86_64-linux-gnu/asm",
		.directory_bytes = 32,
		.name = "posix_types_64.h.", /* with the slash, 50 bytes */
		.name_bytes = 17,
		.bytes = 4096,
	};

	lane_file(lane, HAUL_RECORD_FILE_DONE, 1, &file);
}

/* Between two rings, all that a writer does is look whether it is time. */
static void ring_too_early(struct lane *lane)
{
	lane->unrung = true;
	lane_ring(lane, lane->rung_ns, false);
}

static void ring_bell(struct lane *lane)
{
	lane->unrung = true;
	lane_ring(lane, lane->rung_ns, true);
}

static int compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

static double measure_ns(struct lane *lane, operation *run)
{
	double round_ns[ROUNDS];

	for (unsigned round = 0; round < ROUNDS; round++) {
		uint64_t start_ns = clock_monotonic_ns();

		for (unsigned i = 0; i < OPERATIONS; i++)
			run(lane);
		round_ns[round] = (double)(clock_monotonic_ns() - start_ns) / OPERATIONS;
	}
	qsort(round_ns, ROUNDS, sizeof(round_ns[0]), compare);
	return round_ns[ROUNDS / 2];
}

/* ---- a reader beside the writer ---- */

struct watcher {
	struct haul_reader *reader;
	bool stop; /* atomic */
	uint64_t records;
	uint64_t lost;
};

static void take_all(struct watcher *watcher)
{
	const struct haul_record *record;
	uint64_t lost;
	int next;

	while ((next = haul_reader_next(watcher->reader, &record, NULL, &lost)) !=
		HAUL_NEXT_NOTHING) {
		if (next < 0)
			abort();
		if (next == HAUL_NEXT_OVERRUN)
			watcher->lost += lost;
		else
			watcher->records++;
	}
}

static void *watch(void *context)
{
	struct watcher *watcher = context;

	while (!__atomic_load_n(&watcher->stop, __ATOMIC_RELAXED))
		take_all(watcher);
	return NULL;
}

static double measure_watched_ns(struct bench *bench, operation *run)
{
	struct watcher watcher = {0};
	pthread_t thread;
	double result_ns;

	if (haul_reader_open_fd(bench->region.inherit_fd, &watcher.reader) ||
		pthread_create(&thread, NULL, watch, &watcher))
		abort();
	result_ns = measure_ns(&bench->lane, run);
	__atomic_store_n(&watcher.stop, true, __ATOMIC_RELAXED);
	if (pthread_join(thread, NULL))
		abort();
	haul_reader_close(watcher.reader);
	return result_ns;
}

/* How long reading a record takes when there are plenty, a ring full at a time. */
static double measure_reading_ns(struct bench *bench)
{
	struct watcher watcher = {0};
	uint64_t spent_ns = 0;

	if (haul_reader_open_fd(bench->region.inherit_fd, &watcher.reader))
		abort();
	take_all(&watcher);
	watcher.records = 0;
	for (unsigned round = 0; round < 100; round++) {
		uint64_t start_ns;

		for (unsigned i = 0; i < 4000; i++)
			append_file(&bench->lane);
		start_ns = clock_monotonic_ns();
		take_all(&watcher);
		spent_ns += clock_monotonic_ns() - start_ns;
	}
	haul_reader_close(watcher.reader);
	return (double)spent_ns / (double)watcher.records;
}

static void report(struct bench *bench, const char *what, operation *run)
{
	double alone_ns = measure_ns(&bench->lane, run);

	printf("%-32s %10.1f %10.1f\n", what, alone_ns, measure_watched_ns(bench, run));
}

int main(void)
{
	const struct region_spec spec = {.operation = "bench", .lane_count = 2};
	struct bench bench;

	if (region_create(&spec, &bench.region) ||
		lane_open(&bench.region, 1, HAUL_ROLE_WORKER, &bench.lane)) {
		fprintf(stderr, "ring: no progress region\n");
		return 1;
	}
	printf("%-32s %10s %10s\n", "ns per", "alone", "watched");
	report(&bench, "counter addition", add_counter);
	report(&bench, "append, 32 bytes", append_small);
	report(&bench, "append of a file, 96 bytes", append_file);
	report(&bench, "look whether to ring", ring_too_early);
	report(&bench, "ring of the bell", ring_bell);
	printf("%-32s %10.1f\n", "record read, 96 bytes", measure_reading_ns(&bench));
	region_remove(&bench.region);
	return 0;
}
