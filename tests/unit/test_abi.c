/* SPDX-License-Identifier: MIT */
/*
 * The shared-memory ABI, number by number. When one of these fails, a reader that exists would
 * misread a new region: put it back, or raise HAUL_ABI_VERSION (and HAUL_ABI_COMPATIBLE, unless old
 * readers still understand the region) and write down the new numbers here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "haul/progress.h"

#define assert_member(type, member, offset, bytes)                                                 \
	do {                                                                                       \
		assert_int_equal(offsetof(type, member), offset);                                  \
		assert_int_equal(sizeof(((type *)0)->member), bytes);                              \
	} while (0)

static void these_numbers_are_of_version_3(void **state)
{
	(void)state;
	assert_int_equal(HAUL_ABI_VERSION, 3);
	assert_int_equal(HAUL_ABI_COMPATIBLE, 1);
	assert_true(HAUL_MAGIC == UINT64_C(0x0a0d6c7561682e01));
	assert_int_equal(HAUL_PAGE_BYTES, 4096);
	assert_int_equal(HAUL_LANES_MAX, 1024);
}

static void the_header_has_not_moved(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct haul_header), 4096);
	assert_member(struct haul_header, magic, 0, 8);
	assert_member(struct haul_header, abi_version, 8, 4);
	assert_member(struct haul_header, abi_compatible, 12, 4);
	assert_member(struct haul_header, header_bytes, 16, 4);
	assert_member(struct haul_header, lane_count, 20, 4);
	assert_member(struct haul_header, lane_stride_bytes, 24, 4);
	assert_member(struct haul_header, ring_bytes, 28, 4);
	assert_member(struct haul_header, region_bytes, 32, 8);
	assert_member(struct haul_header, start_realtime_ns, 40, 8);
	assert_member(struct haul_header, start_monotonic_ns, 48, 8);
	assert_member(struct haul_header, coordinator_pid, 56, 4);
	assert_member(struct haul_header, uid, 60, 4);
	assert_member(struct haul_header, job, 64, 64);
	assert_member(struct haul_header, operation, 128, 16);
	assert_member(struct haul_header, state, 192, 4);
	assert_member(struct haul_header, exit_status, 196, 4);
	assert_member(struct haul_header, planning_done, 200, 4);
	assert_member(struct haul_header, unwritten_bytes, 208, 8);
	assert_member(struct haul_header, bell, 256, 4);
	assert_member(struct haul_header, argument_count, 320, 4);
	assert_member(struct haul_header, arguments_cut, 324, 4);
	assert_member(struct haul_header, pace_ns, 328, 8);
	assert_member(struct haul_header, arguments, 384, 3584);
	assert_member(struct haul_header, waits_for, 3968, 128);
}

static void the_lane_has_not_moved(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct haul_lane), 4096);
	assert_member(struct haul_lane, counter, 0, 128);
	assert_member(struct haul_lane, head, 128, 8);
	assert_member(struct haul_lane, sequence, 136, 8);
	assert_member(struct haul_lane, tail, 192, 8);
	assert_member(struct haul_lane, writer_pid, 256, 4);
	assert_member(struct haul_lane, role, 260, 4);
}

static void the_records_have_not_moved(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct haul_record), 24);
	assert_member(struct haul_record, size_bytes, 0, 4);
	assert_member(struct haul_record, type, 4, 2);
	assert_member(struct haul_record, flags, 6, 2);
	assert_member(struct haul_record, sequence, 8, 8);
	assert_member(struct haul_record, time_ns, 16, 8);

	assert_int_equal(sizeof(struct haul_file), 16);
	assert_member(struct haul_file, bytes, 0, 8);
	assert_member(struct haul_file, error, 8, 4);
	assert_member(struct haul_file, path_bytes, 12, 2);
	assert_member(struct haul_file, message_bytes, 14, 2);
	assert_int_equal(offsetof(struct haul_file, text), 16);

	assert_int_equal(sizeof(struct haul_job_state), 8);
	assert_member(struct haul_job_state, state, 0, 4);
	assert_member(struct haul_job_state, exit_status, 4, 4);

	assert_int_equal(sizeof(struct haul_serial), 16);
	assert_member(struct haul_serial, state, 0, 4);
	assert_member(struct haul_serial, port_bytes, 4, 2);
	assert_member(struct haul_serial, data_bytes, 8, 4);
	assert_int_equal(offsetof(struct haul_serial, text), 16);

	assert_int_equal(sizeof(struct haul_text), 8);
	assert_member(struct haul_text, text_bytes, 0, 4);
	assert_int_equal(offsetof(struct haul_text, text), 8);
}

static void values_keep_their_meaning(void **state)
{
	(void)state;
	assert_int_equal(HAUL_STATE_RUNNING, 0);
	assert_int_equal(HAUL_STATE_PAUSED, 1);
	assert_int_equal(HAUL_STATE_DONE, 2);
	assert_int_equal(HAUL_STATE_FAILED, 3);
	assert_int_equal(HAUL_STATE_CANCELLED, 4);

	assert_int_equal(HAUL_FILES_PLANNED, 0);
	assert_int_equal(HAUL_FILES_DONE, 1);
	assert_int_equal(HAUL_FILES_FAILED, 2);
	assert_int_equal(HAUL_FILES_SKIPPED, 3);
	assert_int_equal(HAUL_BYTES_PLANNED, 4);
	assert_int_equal(HAUL_BYTES_READ, 5);
	assert_int_equal(HAUL_BYTES_ACCEPTED, 6);
	assert_int_equal(HAUL_BYTES_DURABLE, 7);
	assert_int_equal(HAUL_DIRECTORIES_DONE, 8);
	assert_int_equal(HAUL_BYTES_CHECKED, 9);

	assert_int_equal(HAUL_RECORD_PAD, 0);
	assert_int_equal(HAUL_RECORD_FILE_STARTED, 1);
	assert_int_equal(HAUL_RECORD_FILE_DONE, 2);
	assert_int_equal(HAUL_RECORD_FILE_FAILED, 3);
	assert_int_equal(HAUL_RECORD_FILE_SKIPPED, 4);
	assert_int_equal(HAUL_RECORD_JOB_STATE, 5);
	assert_int_equal(HAUL_RECORD_DEVICE, 6);
	assert_int_equal(HAUL_RECORD_SERIAL, 7);
	assert_int_equal(HAUL_RECORD_NOTICE, 8);

	assert_int_equal(HAUL_ROLE_COORDINATOR, 1);
	assert_int_equal(HAUL_ROLE_WORKER, 2);
	assert_int_equal(HAUL_ROLE_SERIAL, 3);
	assert_int_equal(HAUL_ROLE_PROBE, 4);

	assert_int_equal(HAUL_SERIAL_OPENED, 0);
	assert_int_equal(HAUL_SERIAL_LINE, 1);
	assert_int_equal(HAUL_SERIAL_PROGRESS, 2);
	assert_int_equal(HAUL_SERIAL_CLOSED, 3);
	assert_int_equal(HAUL_SERIAL_LOST, 4);
	assert_int_equal(HAUL_SERIAL_DROPPED, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(these_numbers_are_of_version_3),
		cmocka_unit_test(the_header_has_not_moved),
		cmocka_unit_test(the_lane_has_not_moved),
		cmocka_unit_test(the_records_have_not_moved),
		cmocka_unit_test(values_keep_their_meaning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
