/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "progress/words.h"
#include "tests/unit/region_fixture.h"

#define RING_BYTES 4096u

static struct iovec text_part(const char *text)
{
	return (struct iovec){.iov_base = (void *)text, .iov_len = strlen(text)};
}

static const struct haul_record *next_record(struct haul_reader *reader)
{
	const struct haul_record *record = NULL;

	assert_int_equal(haul_reader_next(reader, &record, NULL, NULL), HAUL_NEXT_RECORD);
	return record;
}

static void the_parts_of_a_payload_follow_each_other(void **state)
{
	struct region region = fixture_region(2, RING_BYTES);
	struct lane lane = fixture_lane(&region, 1);
	struct haul_reader *reader = fixture_reader(&region);
	struct haul_text body = {.text_bytes = 13};
	const struct iovec part[] = {
		{.iov_base = &body, .iov_len = sizeof(body)},
		text_part("abc"),
		text_part(""),
		text_part("d"),
		text_part("efghijklm"),
	};
	const struct haul_record *record;

	(void)state;
	assert_int_equal(lane_append(&lane, HAUL_RECORD_NOTICE, 77, part, 5), 0);
	record = next_record(reader);
	assert_int_equal(record->size_bytes, 24 + 24);
	assert_int_equal(record->sequence, 1);
	assert_int_equal(record->time_ns, 77);
	assert_int_equal(record->flags, 0);
	/* The padding is zeroes, not whatever was there. */
	assert_memory_equal(
		((const struct haul_text *)(record + 1))->text, "abcdefghijklm\0\0\0", 16);
	haul_reader_close(reader);
	region_remove(&region);
}

static void a_payload_over_a_quarter_of_the_ring_is_refused(void **state)
{
	static char data[RING_BYTES];
	struct region region = fixture_region(1, RING_BYTES);
	struct lane lane = fixture_lane(&region, 0);
	struct haul_reader *reader = fixture_reader(&region);
	struct haul_text body = {.text_bytes = RING_BYTES / 4 - sizeof(body)};
	struct iovec part[] = {
		{.iov_base = &body, .iov_len = sizeof(body)},
		{.iov_base = data, .iov_len = RING_BYTES / 4 - sizeof(body)},
	};

	(void)state;
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(lane_append(&lane, HAUL_RECORD_NOTICE, 1, part, 2), 0);
	part[1].iov_len++;
	assert_int_equal(lane_append(&lane, HAUL_RECORD_NOTICE, 1, part, 2), -EMSGSIZE);
	assert_int_equal(lane.shared->sequence, 20);
	assert_int_equal(haul_reader_next(reader, NULL, NULL, NULL), HAUL_NEXT_OVERRUN);
	assert_int_equal(next_record(reader)->size_bytes, 24 + RING_BYTES / 4);
	haul_reader_close(reader);
	region_remove(&region);
}

/* Records of every length, so that every length of pad comes up, also those below a header's. */
static void records_of_all_lengths_come_through(void **state)
{
	struct region region = fixture_region(1, RING_BYTES);
	struct lane lane = fixture_lane(&region, 0);
	struct haul_reader *reader = fixture_reader(&region);
	struct fixture_sum sum = {0};

	(void)state;
	for (uint64_t number = 0; number < 5000; number++) {
		fixture_append(&lane, number, number);
		assert_int_equal(fixture_drain(reader, &sum), 0);
		assert_true(
			words_load_head(lane.shared) - words_load_tail(lane.shared) <= RING_BYTES);
	}
	assert_int_equal(sum.records, 5000);
	assert_int_equal(sum.lost, 0);
	assert_int_equal(sum.broken, 0);
	haul_reader_close(reader);
	region_remove(&region);
}

static void check_file(struct haul_reader *reader, const char *path, const char *message)
{
	const struct haul_record *record = next_record(reader);
	const struct haul_file *file = (const void *)(record + 1);

	assert_int_equal(file->path_bytes, strlen(path));
	assert_memory_equal(file->text, path, strlen(path));
	assert_int_equal(file->message_bytes, strlen(message));
	assert_memory_equal(file->text + file->path_bytes, message, strlen(message));
}

static void put_file(
	struct lane *lane, const char *directory, const char *name, const char *message)
{
	const struct lane_file file = {
		.directory = directory,
		.directory_bytes = strlen(directory),
		.name = name,
		.name_bytes = strlen(name),
		.message = message,
	};

	lane_file(lane, HAUL_RECORD_FILE_DONE, 1, &file);
}

static void a_file_has_one_path(void **state)
{
	struct region region = fixture_region(1, RING_BYTES);
	struct lane lane = fixture_lane(&region, 0);
	struct haul_reader *reader = fixture_reader(&region);
	const struct lane_file failed = {.name = "n", .name_bytes = 1, .bytes = 5, .error = EIO};
	const struct haul_file *file;

	(void)state;
	put_file(&lane, "some/directory", "name", NULL);
	check_file(reader, "some/directory/name", "");
	put_file(&lane, "/", "name", "why");
	check_file(reader, "/name", "why");
	put_file(&lane, "", "name", "");
	check_file(reader, "name", "");
	lane_file(&lane, HAUL_RECORD_FILE_FAILED, 1, &failed);
	file = (const void *)(next_record(reader) + 1);
	assert_int_equal(file->error, EIO);
	assert_int_equal(file->bytes, 5);
	haul_reader_close(reader);
	region_remove(&region);
}

/* "dddd…/name", so many bytes in all. */
static const char *path_of(size_t bytes)
{
	static char path[UINT16_MAX + 1];

	memset(path, 'd', bytes);
	memcpy(path + bytes - 5, "/name", 6);
	return path;
}

static void a_path_that_is_too_long_keeps_its_end(void **state)
{
	static char directory[70001], message[RING_BYTES / 4];
	struct region region = fixture_region(1, 0);
	struct region small = fixture_region(1, RING_BYTES);
	struct lane lane = fixture_lane(&region, 0);
	struct lane small_lane = fixture_lane(&small, 0);
	struct haul_reader *reader = fixture_reader(&region);
	struct haul_reader *small_reader = fixture_reader(&small);

	(void)state;
	memset(directory, 'd', sizeof(directory) - 1);
	memset(message, 'm', sizeof(message) - 1);
	/* An eighth of the ring, less the fixed part of the record. */
	put_file(&lane, directory, "name", NULL);
	check_file(reader, path_of(512 * 1024 / 8 - 16), "");
	put_file(&small_lane, directory, "name", message);
	message[RING_BYTES / 8 - 16] = 0;
	check_file(small_reader, path_of(RING_BYTES / 8 - 16), message);
	haul_reader_close(small_reader);
	haul_reader_close(reader);
	region_remove(&small);
	region_remove(&region);
}

static void counters_add_up_over_lanes(void **state)
{
	struct region region = fixture_region(3, RING_BYTES);
	struct lane lane[3];
	struct haul_reader *reader = fixture_reader(&region);
	struct haul_totals totals;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		lane[i] = fixture_lane(&region, i);
		for (unsigned counter = 0; counter < HAUL_COUNTERS; counter++)
			lane_add(&lane[i], counter, (counter + 1) * (i + 1));
	}
	haul_reader_totals(reader, &totals);
	for (unsigned counter = 0; counter < HAUL_COUNTERS; counter++)
		assert_int_equal(totals.counter[counter], 6 * (counter + 1));
	lane_reset_counter(&lane[2], HAUL_BYTES_READ, 1);
	haul_reader_totals(reader, &totals);
	assert_int_equal(totals.counter[HAUL_BYTES_READ], 6 * 6 - 3 * 6 + 1);
	haul_reader_close(reader);
	region_remove(&region);
}

static void the_bell_is_rung_once_a_millisecond_at_most(void **state)
{
	struct region region = fixture_region(1, RING_BYTES);
	struct lane lane = fixture_lane(&region, 0);
	const uint32_t *bell = &region.header->bell;
	const uint64_t start_ns = 1000000000;

	(void)state;
	lane_ring(&lane, start_ns, true);
	assert_int_equal(*bell, 0); /* nothing to tell */
	lane_add(&lane, HAUL_FILES_DONE, 1);
	lane_ring(&lane, start_ns, false);
	assert_int_equal(*bell, 1);
	fixture_append(&lane, 1, 1);
	lane_ring(&lane, start_ns + 999999, false);
	assert_int_equal(*bell, 1);
	lane_ring(&lane, start_ns + 1000000, false);
	assert_int_equal(*bell, 2);
	lane_ring(&lane, start_ns + 9000000, false);
	assert_int_equal(*bell, 2);
	lane_add(&lane, HAUL_FILES_DONE, 1);
	lane_ring(&lane, start_ns + 1000001, true);
	assert_int_equal(*bell, 3);
	region_remove(&region);
}

/* ---- taking over ---- */

static void the_next_writer_continues_the_sequence(void **state)
{
	struct region region = fixture_region(2, RING_BYTES);
	struct lane first = fixture_lane(&region, 1);
	struct haul_reader *reader = fixture_reader(&region);
	struct fixture_sum sum = {0};
	struct lane second;

	(void)state;
	for (uint64_t i = 0; i < 10; i++)
		fixture_append(&first, i, i);
	/* Killed after the sequence was stored, before the record was published. */
	first.shared->sequence++;
	second = fixture_lane(&region, 1);
	assert_int_equal(second.shared->sequence, 10);
	for (uint64_t i = 10; i < 500; i++) {
		fixture_append(&second, i, i);
		assert_int_equal(fixture_drain(reader, &sum), 0);
	}
	assert_int_equal(sum.records, 500);
	assert_int_equal(sum.lost, 0);
	assert_int_equal(sum.broken, 0);
	haul_reader_close(reader);
	region_remove(&region);
}

static void a_lane_whose_first_writer_died_early_starts_at_one(void **state)
{
	struct region region = fixture_region(1, RING_BYTES);
	struct lane lane = fixture_lane(&region, 0);
	struct haul_reader *reader = fixture_reader(&region);

	(void)state;
	lane.shared->sequence = 1;
	lane = fixture_lane(&region, 0);
	fixture_append(&lane, 1, 1);
	assert_int_equal(next_record(reader)->sequence, 1);
	haul_reader_close(reader);
	region_remove(&region);
}

static void damage(struct lane *lane, unsigned how)
{
	switch (how) {
	case 0:
		lane->ring[0] = 0;
		break;
	case 1:
		lane->ring[0] = 0xffffffff;
		break;
	case 2:
		lane->shared->tail = 1000000;
		break;
	case 3:
		lane->shared->head = 3 * RING_BYTES + 5;
		break;
	default:
		lane->shared->head += 8;
		break;
	}
}

/* A writer that ran wild before it died costs records, but neither the next writer nor readers. */
static void a_damaged_lane_can_be_taken_over(void **state)
{
	(void)state;
	for (unsigned how = 0; how < 5; how++) {
		struct region region = fixture_region(1, RING_BYTES);
		struct lane lane = fixture_lane(&region, 0);
		struct fixture_sum sum = {0};
		struct haul_reader *reader;

		for (uint64_t i = 0; i < 5; i++)
			fixture_append(&lane, i, i);
		damage(&lane, how);
		lane = fixture_lane(&region, 0);
		reader = fixture_reader(&region);
		for (uint64_t i = 5; i < 200; i++) {
			fixture_append(&lane, i, i);
			assert_int_equal(fixture_drain(reader, &sum), 0);
		}
		assert_int_equal(sum.records, 195);
		assert_int_equal(sum.broken, 0);
		haul_reader_close(reader);
		region_remove(&region);
	}
}

static void the_state_and_the_lanes_own_records_share_a_sequence(void **state)
{
	struct region region = fixture_region(1, RING_BYTES);
	struct lane lane = fixture_lane(&region, 0);
	struct haul_reader *reader = fixture_reader(&region);
	const struct haul_job_state *body;
	struct haul_totals totals;

	(void)state;
	fixture_append(&lane, 1, 1);
	region_set_state(&region, HAUL_STATE_PAUSED, 0);
	fixture_append(&lane, 2, UINT64_MAX);
	region_set_planning_done(&region);
	region_set_state(&region, HAUL_STATE_FAILED, 3);
	assert_int_equal(next_record(reader)->sequence, 1);
	body = (const void *)(next_record(reader) + 1);
	assert_int_equal(body->state, HAUL_STATE_PAUSED);
	assert_int_equal(next_record(reader)->sequence, 3);
	body = (const void *)(next_record(reader) + 1);
	assert_int_equal(body->state, HAUL_STATE_FAILED);
	assert_int_equal(body->exit_status, 3);
	haul_reader_totals(reader, &totals);
	assert_int_equal(totals.state, HAUL_STATE_FAILED);
	assert_int_equal(totals.exit_status, 3);
	assert_int_equal(totals.planning_done, 1);
	haul_reader_close(reader);
	region_remove(&region);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_parts_of_a_payload_follow_each_other),
		cmocka_unit_test(a_payload_over_a_quarter_of_the_ring_is_refused),
		cmocka_unit_test(records_of_all_lengths_come_through),
		cmocka_unit_test(a_file_has_one_path),
		cmocka_unit_test(a_path_that_is_too_long_keeps_its_end),
		cmocka_unit_test(counters_add_up_over_lanes),
		cmocka_unit_test(the_bell_is_rung_once_a_millisecond_at_most),
		cmocka_unit_test(the_next_writer_continues_the_sequence),
		cmocka_unit_test(a_lane_whose_first_writer_died_early_starts_at_one),
		cmocka_unit_test(a_damaged_lane_can_be_taken_over),
		cmocka_unit_test(the_state_and_the_lanes_own_records_share_a_sequence),
	};

	alarm(FIXTURE_SECONDS_MAX);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
