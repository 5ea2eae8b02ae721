/* SPDX-License-Identifier: MIT */
/* Regions that are damaged, or made by someone with bad intentions: refused, and no harm done. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "tests/unit/region_fixture.h"

#define RING_BYTES 4096u

static int open_result(const struct region *region)
{
	struct haul_reader *reader;
	int error = haul_reader_open_fd(region->inherit_fd, &reader);

	if (!error)
		haul_reader_close(reader);
	return error;
}

/* ---- the header ---- */

static void what_contradicts_itself_is_refused(void **state)
{
	struct region region = fixture_region(2, RING_BYTES);
	struct haul_header good = *region.header;

	(void)state;
#define refuse(change)                                                                             \
	do {                                                                                       \
		region.header->change;                                                             \
		assert_int_equal(open_result(&region), -EPROTO);                                   \
		*region.header = good;                                                             \
		assert_int_equal(open_result(&region), 0);                                         \
	} while (0)
	refuse(magic ^= 1);
	refuse(header_bytes = 0);
	refuse(header_bytes = 8192);
	refuse(header_bytes += 8);
	refuse(lane_count = 0);
	refuse(lane_count = 3);
	refuse(lane_count = UINT32_MAX);
	refuse(lane_stride_bytes = 0);
	refuse(ring_bytes = 0);
	refuse(ring_bytes = 1u << 31);
	refuse(ring_bytes = 4095);
	refuse(region_bytes = 0);
	refuse(region_bytes = UINT64_MAX);
	refuse(argument_count = UINT32_MAX);
	memset(region.header->job, 'x', sizeof(region.header->job));
	assert_int_equal(open_result(&region), -EPROTO);
	*region.header = good;
	memset(region.header->operation, 'x', sizeof(region.header->operation));
	assert_int_equal(open_result(&region), -EPROTO);
	*region.header = good;
	memset(region.header->arguments, 'x', sizeof(region.header->arguments));
	assert_int_equal(open_result(&region), -EPROTO);
	region_remove(&region);
}

static void a_truncated_file_is_refused(void **state)
{
	struct region region = fixture_region(2, RING_BYTES);
	off_t bytes = (off_t)region.map_bytes;

	(void)state;
	assert_int_equal(ftruncate(region.inherit_fd, bytes - 1), 0);
	assert_int_equal(open_result(&region), -EPROTO);
	assert_int_equal(ftruncate(region.inherit_fd, 100), 0);
	assert_int_equal(open_result(&region), -EPROTO);
	assert_int_equal(ftruncate(region.inherit_fd, 0), 0);
	assert_int_equal(open_result(&region), -EPROTO);
	region_remove(&region);
}

/* ---- the rings ---- */

static struct haul_record *first_record(const struct lane *lane)
{
	return (struct haul_record *)lane->ring;
}

static int next_result(struct haul_reader *reader)
{
	const struct haul_record *record;

	return haul_reader_next(reader, &record, NULL, NULL);
}

/* One lane with two good records, of which the first is 24 + 8 + 45 bytes, padded. */
struct bench {
	struct region region;
	struct lane lane;
	struct haul_reader *reader;
};

static struct bench bench_open(void)
{
	struct bench bench = {.region = fixture_region(1, RING_BYTES)};

	bench.lane = fixture_lane(&bench.region, 0);
	fixture_append(&bench.lane, 1, 1);
	fixture_append(&bench.lane, 2, 2);
	bench.reader = fixture_reader(&bench.region);
	return bench;
}

static void bench_close(struct bench *bench)
{
	haul_reader_close(bench->reader);
	region_remove(&bench->region);
}

static void damaged_rings_are_refused_and_do_no_harm(void **state)
{
	static const uint32_t sizes[] = {0, 4, 8, 16, 23, 25, 8192, 1u << 30, UINT32_MAX - 7};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct bench bench = bench_open();

		haul_reader_close(bench.reader);
		first_record(&bench.lane)->size_bytes = sizes[i];
		bench.reader = fixture_reader(&bench.region);
		assert_int_equal(next_result(bench.reader), -EPROTO);
		assert_int_equal(next_result(bench.reader), -EPROTO);
		bench_close(&bench);
	}
}

static void impossible_positions_are_refused(void **state)
{
	static const uint64_t positions[][2] = {
		/* head, tail */
		{0, 8},
		{8, 16},
		{7, 0},
		{64, 4},
		{RING_BYTES + 8, 0},
		{UINT64_MAX, 0},
		{UINT64_MAX - 7, UINT64_MAX - 7 - 2 * RING_BYTES},
		{16, UINT64_MAX - 7},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(positions) / sizeof(positions[0]); i++) {
		struct bench bench = bench_open();

		bench.lane.shared->head = positions[i][0];
		bench.lane.shared->tail = positions[i][1];
		haul_reader_close(bench.reader);
		bench.reader = fixture_reader(&bench.region);
		assert_int_equal(next_result(bench.reader), -EPROTO);
		bench_close(&bench);
	}
}

static void a_pad_ends_where_the_ring_ends(void **state)
{
	struct bench bench = bench_open();

	(void)state;
	haul_reader_close(bench.reader);
	first_record(&bench.lane)->type = HAUL_RECORD_PAD;
	bench.reader = fixture_reader(&bench.region);
	assert_int_equal(next_result(bench.reader), -EPROTO);
	bench_close(&bench);
}

static void a_sequence_does_not_fall(void **state)
{
	struct bench bench = bench_open();

	(void)state;
	assert_int_equal(next_result(bench.reader), HAUL_NEXT_RECORD);
	((struct haul_record *)((char *)bench.lane.ring + first_record(&bench.lane)->size_bytes))
		->sequence = 1;
	assert_int_equal(next_result(bench.reader), -EPROTO);
	bench_close(&bench);
}

/* Appends a record of 40 zero bytes of payload, but for what the caller put there. */
static int take_payload(enum haul_record_type type, const void *body, size_t body_bytes)
{
	struct region region = fixture_region(1, RING_BYTES);
	struct lane lane = fixture_lane(&region, 0);
	struct haul_reader *reader = fixture_reader(&region);
	const struct iovec part = {.iov_base = (void *)body, .iov_len = body_bytes};
	int result;

	assert_int_equal(lane_append(&lane, type, 1, &part, 1), 0);
	result = next_result(reader);
	haul_reader_close(reader);
	region_remove(&region);
	return result;
}

static void lengths_in_payloads_are_checked(void **state)
{
	union {
		struct haul_file file;
		struct haul_text text;
		struct haul_serial serial;
		struct haul_job_state job;
		char bytes[40];
	} body;

	(void)state;
#define take(type, bytes_in, result) assert_int_equal(take_payload(type, &body, bytes_in), result)
	memset(&body, 0, sizeof(body));
	take(HAUL_RECORD_FILE_DONE, 8, -EPROTO);
	take(HAUL_RECORD_FILE_DONE, 16, HAUL_NEXT_RECORD);
	body.file.path_bytes = 20;
	body.file.message_bytes = 4;
	take(HAUL_RECORD_FILE_STARTED, 40, HAUL_NEXT_RECORD);
	take(HAUL_RECORD_FILE_FAILED, 39, HAUL_NEXT_RECORD); /* the padding makes it 40 */
	take(HAUL_RECORD_FILE_FAILED, 32, -EPROTO);
	body.file.message_bytes = UINT16_MAX;
	take(HAUL_RECORD_FILE_SKIPPED, 40, -EPROTO);

	memset(&body, 0, sizeof(body));
	take(HAUL_RECORD_NOTICE, 0, -EPROTO);
	body.text.text_bytes = 32;
	take(HAUL_RECORD_NOTICE, 40, HAUL_NEXT_RECORD);
	body.text.text_bytes = 33;
	take(HAUL_RECORD_DEVICE, 40, -EPROTO);
	body.text.text_bytes = UINT32_MAX;
	take(HAUL_RECORD_DEVICE, 40, -EPROTO);

	memset(&body, 0, sizeof(body));
	take(HAUL_RECORD_SERIAL, 8, -EPROTO);
	body.serial.port_bytes = 10;
	body.serial.data_bytes = 14;
	take(HAUL_RECORD_SERIAL, 40, HAUL_NEXT_RECORD);
	body.serial.data_bytes = UINT32_MAX;
	take(HAUL_RECORD_SERIAL, 40, -EPROTO);

	memset(&body, 0, sizeof(body));
	take(HAUL_RECORD_JOB_STATE, 0, -EPROTO);
	take(HAUL_RECORD_JOB_STATE, 8, HAUL_NEXT_RECORD);
}

static void unknown_types_are_passed_over(void **state)
{
	struct bench bench = bench_open();
	struct fixture_sum sum = {0};

	(void)state;
	first_record(&bench.lane)->type = 12345;
	haul_reader_close(bench.reader);
	bench.reader = fixture_reader(&bench.region);
	assert_int_equal(fixture_drain(bench.reader, &sum), 0);
	assert_int_equal(sum.records, 1);
	assert_int_equal(sum.lost, 0);
	bench_close(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_contradicts_itself_is_refused),
		cmocka_unit_test(a_truncated_file_is_refused),
		cmocka_unit_test(damaged_rings_are_refused_and_do_no_harm),
		cmocka_unit_test(impossible_positions_are_refused),
		cmocka_unit_test(a_pad_ends_where_the_ring_ends),
		cmocka_unit_test(a_sequence_does_not_fall),
		cmocka_unit_test(lengths_in_payloads_are_checked),
		cmocka_unit_test(unknown_types_are_passed_over),
	};

	alarm(FIXTURE_SECONDS_MAX);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
