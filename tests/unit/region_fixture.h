/* SPDX-License-Identifier: MIT */
/* Regions to test with, and records whose content can be checked. */
#ifndef TESTS_UNIT_REGION_FIXTURE_H
#define TESTS_UNIT_REGION_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "progress/region.h"

/* For alarm(2), which ends a program that hangs. */
#define FIXTURE_SECONDS_MAX 60

static inline struct region fixture_region(unsigned lane_count, uint32_t ring_bytes)
{
	const char *arguments[] = {"source", "destination"};
	const struct region_spec spec = {
		.operation = "test",
		.arguments = arguments,
		.argument_count = 2,
		.lane_count = lane_count,
		.ring_bytes = ring_bytes,
	};
	struct region region;

	assert_int_equal(region_create(&spec, &region), 0);
	return region;
}

static inline struct lane fixture_lane(const struct region *region, unsigned index)
{
	struct lane lane;

	assert_int_equal(lane_open(region, index, HAUL_ROLE_WORKER, &lane), 0);
	return lane;
}

static inline struct haul_reader *fixture_reader(const struct region *region)
{
	struct haul_reader *reader;

	assert_int_equal(haul_reader_open_fd(region->inherit_fd, &reader), 0);
	return reader;
}

/* The text of record `number`: the number, then bytes that follow from it, 0 to 255 of them. */
static inline size_t fixture_text(uint64_t number, char ret_text[264])
{
	size_t bytes = sizeof(number) + (size_t)(number * 37 % 256);

	memcpy(ret_text, &number, sizeof(number));
	for (size_t i = sizeof(number); i < bytes; i++)
		ret_text[i] = (char)(number * 7 + i);
	return bytes;
}

static inline void fixture_append(struct lane *lane, uint64_t number, uint64_t time_ns)
{
	char text[264];
	size_t bytes = fixture_text(number, text);
	struct haul_text body = {.text_bytes = (uint32_t)bytes};
	const struct iovec part[] = {
		{.iov_base = &body, .iov_len = sizeof(body)},
		{.iov_base = text, .iov_len = 5},
		{.iov_base = text + 5, .iov_len = bytes - 5},
	};

	if (lane_append(lane, HAUL_RECORD_NOTICE, time_ns, part, 3))
		abort();
}

/* Whether a record is one that fixture_append made, whole. */
static inline bool fixture_intact(const struct haul_record *record, uint64_t *ret_number)
{
	const struct haul_text *body = (const void *)(record + 1);
	char text[264];
	uint64_t number;

	if (record->type != HAUL_RECORD_NOTICE || body->text_bytes < sizeof(number))
		return false;
	memcpy(&number, body->text, sizeof(number));
	*ret_number = number;
	return body->text_bytes == fixture_text(number, text) &&
	       memcmp(body->text, text, body->text_bytes) == 0;
}

/* What a reader got out of a region in all. */
struct fixture_sum {
	uint64_t records;
	uint64_t lost;
	uint64_t broken;
};

/* Reads to the end. Returns 0, or the reader's error. */
static inline int fixture_drain(struct haul_reader *reader, struct fixture_sum *sum)
{
	const struct haul_record *record;
	uint64_t lost, number;
	int next;

	while ((next = haul_reader_next(reader, &record, NULL, &lost)) != HAUL_NEXT_NOTHING) {
		if (next < 0)
			return next;
		if (next == HAUL_NEXT_OVERRUN) {
			sum->lost += lost;
		} else if (record->type != HAUL_RECORD_JOB_STATE) {
			sum->records++;
			sum->broken += !fixture_intact(record, &number);
		}
	}
	return 0;
}

/* A child that a failed test leaves behind ends with it. */
static inline pid_t fixture_fork(void)
{
	pid_t pid = fork();

	if (pid == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL))
		_exit(1);
	return pid;
}

static inline int fixture_exit_status(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static inline void fixture_sleep_ms(long ms)
{
	const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	nanosleep(&time, NULL);
}

#endif
