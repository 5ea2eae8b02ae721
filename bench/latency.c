/* SPDX-License-Identifier: MIT */
/*
 * latency JOB: attaches to a job with libhaul and prints, as JSON, how old the records of finished
 * files were when they were read: {"latency_ms": [...], "updates_ms": [...]}. The second list is
 * when there was something new, in milliseconds since 1970.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "haul/progress.h"

#define SAMPLES_MAX    (1u << 20)
#define NS_PER_MS      1e6
#define ATTACH_TRIES   2000
#define ATTACH_WAIT_NS 1000000

struct samples {
	double *value;
	size_t count;
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static void add(struct samples *samples, double value)
{
	if (samples->count < SAMPLES_MAX)
		samples->value[samples->count++] = value;
}

static int attach(const char *job, struct haul_reader **ret_reader)
{
	const struct timespec pause = {0, ATTACH_WAIT_NS};
	int error = -ENOENT;

	for (unsigned tries = 0; error == -ENOENT && tries < ATTACH_TRIES; tries++) {
		error = haul_reader_open(job, ret_reader);
		if (error == -ENOENT)
			nanosleep(&pause, NULL);
	}
	return error;
}

/* Reads all that is new. Returns 0 or -errno. */
static int drain(struct haul_reader *reader, struct samples *latency)
{
	const struct haul_record *record;
	int next;

	while ((next = haul_reader_next(reader, &record, NULL, NULL)) != HAUL_NEXT_NOTHING) {
		if (next < 0)
			return next;
		if (next == HAUL_NEXT_RECORD && record->type == HAUL_RECORD_FILE_DONE)
			add(latency,
				(double)(clock_ns(CLOCK_MONOTONIC) - record->time_ns) / NS_PER_MS);
	}
	return 0;
}

static int watch(struct haul_reader *reader, struct samples *latency, struct samples *updates)
{
	struct haul_totals totals;
	int error;

	do {
		haul_reader_totals(reader, &totals);
		error = drain(reader, latency);
		if (error)
			return error;
		add(updates, (double)clock_ns(CLOCK_REALTIME) / NS_PER_MS);
	} while (totals.state < HAUL_STATE_DONE && haul_reader_wait(reader, -1) == HAUL_WAIT_NEWS);
	return 0;
}

static void print_list(const char *name, const struct samples *samples, const char *end)
{
	printf("\"%s\": [", name);
	for (size_t at = 0; at < samples->count; at++)
		printf("%s%.4f", at ? ", " : "", samples->value[at]);
	printf("]%s", end);
}

int main(int argc, char **argv)
{
	struct samples latency = {malloc(SAMPLES_MAX * sizeof(double)), 0};
	struct samples updates = {malloc(SAMPLES_MAX * sizeof(double)), 0};
	struct haul_reader *reader = NULL;
	int error = -EINVAL;

	if (argc == 2 && latency.value && updates.value)
		error = attach(argv[1], &reader);
	if (!error)
		error = watch(reader, &latency, &updates);
	if (error) {
		fprintf(stderr, "latency: %s\n", strerror(-error));
		return 1;
	}
	printf("{");
	print_list("latency_ms", &latency, ", ");
	print_list("updates_ms", &updates, "}\n");
	haul_reader_close(reader);
	free(latency.value);
	free(updates.value);
	return 0;
}
