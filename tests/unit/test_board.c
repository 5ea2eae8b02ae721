/* SPDX-License-Identifier: MIT */
/* What is remembered of jobs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "publisher/board.h"

static struct board_row *take_job(struct board *board, const char *job, enum event_job_state state)
{
	const struct event event = {.type = EVENT_JOB, .job = job, .job_state.state = state};

	return board_take(board, &(struct sink_event){&event, job, strlen(job)});
}

static struct board_row *take_progress(struct board *board, const char *job, const char *json)
{
	const struct event event = {.type = EVENT_PROGRESS, .job = job, .seq = 7};

	return board_take(board, &(struct sink_event){&event, json, strlen(json)});
}

static void the_newest_counts(void **state)
{
	struct board board = {0};
	struct board_row *row = take_job(&board, "a", EVENT_JOB_STARTED);

	(void)state;
	assert_non_null(row);
	assert_string_equal(row->state, "running");
	assert_false(row->progress_due);
	take_progress(&board, "a", "first");
	row = take_progress(&board, "a", "second, and longer");
	assert_true(row->progress_due);
	assert_memory_equal(row->progress.data, "second, and longer", row->progress.bytes);
	assert_int_equal(row->seq, 7);
	take_job(&board, "a", EVENT_JOB_PAUSED);
	assert_string_equal(row->state, "paused");
	take_job(&board, "a", EVENT_JOB_CANCELLED);
	assert_string_equal(row->state, "cancelled");
	assert_true(row->ended);
	/* Another job of the same name begins afresh. */
	assert_ptr_equal(take_job(&board, "a", EVENT_JOB_STARTED), row);
	assert_false(row->ended);
	assert_false(row->progress_due);
	assert_int_equal(row->progress.bytes, 0);
	assert_int_equal(board.count, 1);
	board_close(&board);
}

static void ended_jobs_make_room(void **state)
{
	struct board board = {0};
	char job[16];

	(void)state;
	for (unsigned at = 0; at < BOARD_MAX; at++) {
		snprintf(job, sizeof(job), "j%u", at);
		assert_non_null(take_job(&board, job, EVENT_JOB_STARTED));
	}
	assert_null(take_job(&board, "too-much", EVENT_JOB_STARTED));
	take_job(&board, "j9", EVENT_JOB_DONE);
	take_job(&board, "j3", EVENT_JOB_DONE);
	assert_non_null(take_job(&board, "new", EVENT_JOB_STARTED));
	assert_int_equal(board.count, BOARD_MAX);
	for (unsigned at = 0; at < BOARD_MAX; at++)
		assert_string_not_equal(board.row[at]->job, "j9"); /* ended longest ago */
	board_close(&board);
}

static void a_hundred_a_second_are_enough(void **state)
{
	struct board_row row = {0};
	struct event event = {.type = EVENT_FILE, .time_ns = UINT64_C(1000000000000)};
	unsigned admitted = 0;

	(void)state;
	for (unsigned at = 0; at < 10000; at++) {
		event.time_ns += UINT64_C(1000000);
		admitted += board_admits(&row, &event);
	}
	assert_in_range(admitted, 950, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_counts),
		cmocka_unit_test(ended_jobs_make_room),
		cmocka_unit_test(a_hundred_a_second_are_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
