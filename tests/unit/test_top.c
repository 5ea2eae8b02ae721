/* SPDX-License-Identifier: MIT */
/* What haul top knows of jobs, how it finds room for them, and its keys. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "top/keys.h"
#include "top/view.h"
#include "util/cells.h"

static void tell_job(struct top_jobs *jobs, const char *name, enum event_job_state state)
{
	const struct event event = {
		.type = EVENT_JOB,
		.job = name,
		.job_state = {.state = state,
			.operation = "cp",
			.arguments = "from\0to",
			.argument_count = 2,
			.has_destination = true},
	};

	top_jobs_take(jobs, &event);
}

static void assert_order(const struct top_jobs *jobs, const char *expected)
{
	char names[256] = "";

	for (unsigned at = 0; at < jobs->count; at++) {
		strcat(names, at ? " " : "");
		strcat(names, jobs->row[at]->name);
	}
	assert_string_equal(names, expected);
}

static void jobs_that_live_stand_first(void **state)
{
	struct top_jobs jobs = {0};

	(void)state;
	tell_job(&jobs, "a", EVENT_JOB_STARTED);
	tell_job(&jobs, "b", EVENT_JOB_STARTED);
	tell_job(&jobs, "c", EVENT_JOB_STARTED);
	tell_job(&jobs, "a", EVENT_JOB_DONE);
	assert_order(&jobs, "b c a");
	tell_job(&jobs, "c", EVENT_JOB_FAILED);
	tell_job(&jobs, "b", EVENT_JOB_PAUSED);
	assert_order(&jobs, "b c a");
	assert_int_equal(top_jobs_living(&jobs), 1);
	tell_job(&jobs, "a", EVENT_JOB_STARTED);
	assert_order(&jobs, "b a c");
	top_jobs_forget_ended(&jobs);
	assert_order(&jobs, "b a");
	top_jobs_close(&jobs);
}

static void too_many_jobs_push_the_oldest_out(void **state)
{
	struct top_jobs jobs = {0};
	char name[16];

	(void)state;
	for (unsigned at = 0; at < TOP_JOBS_MAX + 5; at++) {
		snprintf(name, sizeof(name), "%u", at);
		tell_job(&jobs, name, EVENT_JOB_STARTED);
		tell_job(&jobs, name, EVENT_JOB_DONE);
	}
	assert_int_equal(jobs.count, TOP_JOBS_MAX);
	assert_string_equal(jobs.row[0]->name, name);
	assert_string_equal(jobs.row[TOP_JOBS_MAX - 1]->name, "5");
	top_jobs_close(&jobs);
}

static struct sheet draw(const struct top_jobs *jobs, const char *selected, unsigned rows)
{
	static const struct top_ports ports;
	static const struct top_drives drives;
	const struct view view = {
		.jobs = jobs,
		.ports = &ports,
		.drives = &drives,
		.selected = selected,
		.message = "",
		.keys = true,
		.style = {.columns = 60},
		.rows = rows,
	};
	struct sheet sheet;

	view_draw(&view, &sheet);
	return sheet;
}

static bool has_line(const struct sheet *sheet, const char *start)
{
	for (unsigned at = 0; at < sheet->count; at++)
		if (strncmp(sheet->line[at], start, strlen(start)) == 0)
			return true;
	return false;
}

static void the_selected_job_stays_in_sight(void **state)
{
	struct top_jobs jobs = {0};
	char name[16], start[32];

	(void)state;
	for (unsigned at = 0; at < 50; at++) {
		snprintf(name, sizeof(name), "job%02u", at);
		tell_job(&jobs, name, EVENT_JOB_STARTED);
	}
	for (unsigned rows = 5; rows < 60; rows++)
		for (unsigned at = 0; at < 50; at += 7) {
			struct sheet sheet;

			snprintf(name, sizeof(name), "job%02u", at);
			snprintf(start, sizeof(start), "> %s", name);
			sheet = draw(&jobs, name, rows);
			assert_int_equal(sheet.count, rows);
			assert_true(has_line(&sheet, start));
			sheet_close(&sheet);
		}
	top_jobs_close(&jobs);
}

static void everything_is_printed_where_rows_have_no_end(void **state)
{
	struct top_jobs jobs = {0};
	struct sheet sheet;

	(void)state;
	tell_job(&jobs, "a", EVENT_JOB_STARTED);
	tell_job(&jobs, "b", EVENT_JOB_STARTED);
	sheet = draw(&jobs, "", 0);
	assert_true(has_line(&sheet, "  a "));
	assert_true(has_line(&sheet, "  b "));
	assert_true(has_line(&sheet, "    cp from -> to"));
	assert_false(has_line(&sheet, "q quit"));
	sheet_close(&sheet);
	top_jobs_close(&jobs);
}

static void assert_keys(const char *data, const int *expected)
{
	size_t at = 0, bytes = strlen(data);

	for (; *expected; expected++) {
		int key;

		assert_true(at < bytes);
		at += keys_next(data + at, bytes - at, &key);
		assert_int_equal(key, *expected);
	}
	assert_int_equal(at, bytes);
}

static void keys_are_told_from_sequences(void **state)
{
	(void)state;
	assert_keys("q?", (const int[]){'q', '?', 0});
	assert_keys("\033[A\033OB\033[Hx", (const int[]){KEY_UP, KEY_DOWN, KEY_FIRST, 'x', 0});
	assert_keys("\033[1;5A\033[15~y", (const int[]){KEY_UNKNOWN, KEY_UNKNOWN, 'y', 0});
	assert_keys("\033", (const int[]){033, 0});
	assert_keys("\033[12", (const int[]){KEY_UNKNOWN, 0});
	assert_keys("\377", (const int[]){0xff, 0});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jobs_that_live_stand_first),
		cmocka_unit_test(too_many_jobs_push_the_oldest_out),
		cmocka_unit_test(the_selected_job_stays_in_sight),
		cmocka_unit_test(everything_is_printed_where_rows_have_no_end),
		cmocka_unit_test(keys_are_told_from_sequences),
	};

	uselocale(newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
