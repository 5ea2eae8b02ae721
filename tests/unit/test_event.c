/* SPDX-License-Identifier: MIT */
/* Events as JSON: the exact text of each kind. tests/e2e checks them against the schema. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "publisher/event.h"

#define TIME_NS UINT64_C(1767225599000001999)
#define COMMON  "\"job\":\"j\",\"seq\":7,\"time\":\"2025-12-31T23:59:59.000001Z\","
#define TEXT(literal)                                                                              \
	{                                                                                          \
		literal, sizeof(literal) - 1                                                       \
	}

static char text[EVENT_JSON_BYTES];

static void assert_written(struct event event, const char *expected)
{
	struct json json;

	event.job = "j";
	event.seq = 7;
	event.time_ns = TIME_NS;
	json_open(&json, text, sizeof(text) - 1);
	event_write(&event, &json);
	assert_false(json.overflow);
	text[json.used] = '\0';
	assert_string_equal(text, expected);
}

static void jobs(void **state)
{
	struct event event = {.type = EVENT_JOB};
	struct event_job *job = &event.job_state;

	(void)state;
	*job = (struct event_job){
		.operation = "cp",
		.arguments = "a\0b c\0dest",
		.argument_count = 3,
		.has_destination = true,
	};
	assert_written(event, "{\"event\":\"job\"," COMMON
			      "\"state\":\"started\",\"op\":\"cp\",\"sources\":[\"a\",\"b c\"],"
			      "\"dest\":\"dest\"}");
	assert_false(event_is_last(&event));
	job->has_destination = false;
	job->operation = "rm";
	job->state = EVENT_JOB_CANCELLED;
	job->has_exit = true;
	job->exit_status = 3;
	assert_written(event, "{\"event\":\"job\"," COMMON
			      "\"state\":\"cancelled\",\"op\":\"rm\",\"sources\":[\"a\",\"b c\","
			      "\"dest\"],\"exit\":3}");
	assert_true(event_is_last(&event));
	assert_true(event_must_arrive(&event));
	*job = (struct event_job){
		.state = EVENT_JOB_FAILED, .operation = "cp", .message = "the coordinator died"};
	assert_written(event,
		"{\"event\":\"job\"," COMMON "\"state\":\"failed\",\"op\":\"cp\",\"sources\":[],"
		"\"message\":\"the coordinator died\"}");
}

static void progress(void **state)
{
	struct event event = {.type = EVENT_PROGRESS};
	struct event_progress *progress = &event.progress;

	(void)state;
	progress->totals.planning_done = 1;
	progress->totals.counter[HAUL_FILES_PLANNED] = 9;
	progress->totals.counter[HAUL_FILES_DONE] = 3;
	progress->totals.counter[HAUL_BYTES_PLANNED] = UINT64_C(9007199254740993);
	progress->totals.counter[HAUL_BYTES_READ] = 50;
	progress->totals.counter[HAUL_BYTES_ACCEPTED] = 40;
	progress->totals.counter[HAUL_BYTES_DURABLE] = 30;
	progress->rate_bytes_per_s = 10;
	progress->eta_known = true;
	progress->eta_s = 4;
	progress->current[0] = (struct event_text)TEXT("a/b");
	progress->current_count = 1;
	assert_written(event, "{\"event\":\"progress\"," COMMON
			      "\"state\":\"running\",\"files\":{\"planned\":9,\"done\":3,"
			      "\"failed\":0,\"skipped\":0},\"bytes\":{\"planned\":"
			      "\"9007199254740993\",\"read\":50,\"accepted\":40,\"durable\":30},"
			      "\"planning_done\":true,\"rate_bytes_per_s\":10.0,\"eta_s\":4.0,"
			      "\"current\":[\"a/b\"]}");
	assert_false(event_must_arrive(&event));
	*progress = (struct event_progress){
		.totals.state = HAUL_STATE_PAUSED,
		.unwritten_bytes = 4,
		.lost_events = 5,
	};
	assert_written(event, "{\"event\":\"progress\"," COMMON
			      "\"state\":\"paused\",\"files\":{\"planned\":0,\"done\":0,"
			      "\"failed\":0,\"skipped\":0},\"bytes\":{\"planned\":0,\"read\":0,"
			      "\"accepted\":0,\"durable\":0},\"planning_done\":false,"
			      "\"rate_bytes_per_s\":0.0,\"eta_s\":null,\"current\":[],"
			      "\"unwritten_bytes\":4,\"lost_events\":5}");
}

static void files(void **state)
{
	struct event event = {.type = EVENT_FILE, .file = {.path = TEXT("a/b"), .bytes = 12}};

	(void)state;
	assert_written(event,
		"{\"event\":\"file\"," COMMON "\"path\":\"a/b\",\"state\":\"done\",\"bytes\":12}");
	assert_false(event_must_arrive(&event));
	event.file = (struct event_file){
		.state = EVENT_FILE_FAILED,
		.path = TEXT("a\xff\n"),
		.error = ENOSPC,
		.message = TEXT("disk is full"),
	};
	assert_written(event, "{\"event\":\"file\"," COMMON
			      "\"path\":\"a�\\n\",\"path_base64\":\"Yf8K\",\"state\":\"failed\","
			      "\"bytes\":0,\"errno\":\"ENOSPC\",\"message\":\"disk is full\"}");
	assert_true(event_must_arrive(&event));
	event.file =
		(struct event_file){.state = EVENT_FILE_FAILED, .path = TEXT("a"), .error = 5555};
	assert_written(event,
		"{\"event\":\"file\"," COMMON "\"path\":\"a\",\"state\":\"failed\",\"bytes\":0,"
		"\"errno\":\"5555\",\"message\":\"Unknown error 5555\"}");
}

static void devices_keep_their_members(void **state)
{
	struct event event = {
		.type = EVENT_DEVICE, .device = TEXT(" {\"action\":\"mounted\",\"major\":8} ")};

	(void)state;
	assert_written(
		event, "{\"event\":\"device\"," COMMON "\"action\":\"mounted\",\"major\":8}");
	assert_true(event_must_arrive(&event));
	event.device = (struct event_text)TEXT("{}");
	assert_written(event, "{\"event\":\"device\",\"job\":\"j\",\"seq\":7,"
			      "\"time\":\"2025-12-31T23:59:59.000001Z\"}");
}

static void serial_lines(void **state)
{
	struct event event = {
		.type = EVENT_SERIAL,
		.serial = {HAUL_SERIAL_LINE, TEXT("/dev/ttyUSB0"), TEXT("T=21\t\xfe")},
	};

	(void)state;
	assert_written(event, "{\"event\":\"serial\"," COMMON
			      "\"port\":\"/dev/ttyUSB0\",\"state\":\"line\",\"data\":\"T=21\\t�\","
			      "\"data_base64\":\"VD0yMQn+\"}");
	assert_false(event_must_arrive(&event));
	event.serial.state = HAUL_SERIAL_LOST;
	assert_true(event_must_arrive(&event));
}

static void the_longest_event_fits(void **state)
{
	struct event event = {.type = EVENT_FILE};
	struct json json;
	char *path = malloc(65535);

	(void)state;
	assert_non_null(path);
	memset(path, 1, 65534);
	path[65534] = '\xff';
	event.job = "j";
	event.file.path = (struct event_text){path, 65535};
	event.file.message = (struct event_text){path, 65535};
	json_open(&json, text, sizeof(text));
	event_write(&event, &json);
	assert_false(json.overflow);
	free(path);
}

static void times_have_microseconds(void **state)
{
	char time[EVENT_TIME_BYTES];

	(void)state;
	assert_string_equal(event_time(0, time), "1970-01-01T00:00:00.000000Z");
	assert_string_equal(event_time(UINT64_MAX, time), "2554-07-21T23:34:33.709551Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jobs),
		cmocka_unit_test(progress),
		cmocka_unit_test(files),
		cmocka_unit_test(devices_keep_their_members),
		cmocka_unit_test(serial_lines),
		cmocka_unit_test(the_longest_event_fits),
		cmocka_unit_test(times_have_microseconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
