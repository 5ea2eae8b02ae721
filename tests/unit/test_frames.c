/* SPDX-License-Identifier: MIT */
/* SLIP, COBS and the framer: known vectors, round trips, and that no byte goes uncounted. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "serialctl/cobs.h"
#include "serialctl/framer.h"
#include "serialctl/slip.h"

static void slip_escapes_as_the_rfc_says(void **state)
{
	static const uint8_t data[] = {1, 0xc0, 2, 0xdb, 3};
	static const uint8_t expected[] = {0xc0, 1, 0xdb, 0xdc, 2, 0xdb, 0xdd, 3, 0xc0};
	uint8_t frame[SLIP_ENCODED_BYTES(sizeof(data))];

	(void)state;
	assert_int_equal(slip_encode(data, sizeof(data), frame), sizeof(expected));
	assert_memory_equal(frame, expected, sizeof(expected));
	assert_int_equal(slip_decode(frame + 1, sizeof(expected) - 2, frame), sizeof(data));
	assert_memory_equal(frame, data, sizeof(data));
}

static void slip_refuses_a_bad_escape(void **state)
{
	uint8_t data[4];

	(void)state;
	assert_int_equal(slip_decode((const uint8_t[]){1, 0xdb, 2}, 3, data), -EPROTO);
	assert_int_equal(slip_decode((const uint8_t[]){1, 0xdb}, 2, data), -EPROTO);
}

static void cobs_matches_known_frames(void **state)
{
	static const struct {
		uint8_t data[4];
		size_t bytes;
		uint8_t frame[6];
		size_t frame_bytes;
	} row[] = {
		{{0}, 0, {1, 0}, 2},
		{{0}, 1, {1, 1, 0}, 3},
		{{0, 0}, 2, {1, 1, 1, 0}, 4},
		{{0x11, 0x22, 0, 0x33}, 4, {3, 0x11, 0x22, 2, 0x33, 0}, 6},
		{{0x11, 0, 0, 0}, 4, {2, 0x11, 1, 1, 1, 0}, 6},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		uint8_t frame[16];

		assert_int_equal(cobs_encode(row[i].data, row[i].bytes, frame), row[i].frame_bytes);
		assert_memory_equal(frame, row[i].frame, row[i].frame_bytes);
		assert_int_equal(cobs_decode(frame, row[i].frame_bytes - 1, frame), row[i].bytes);
		assert_memory_equal(frame, row[i].data, row[i].bytes);
	}
}

static void cobs_survives_long_runs(void **state)
{
	uint8_t data[600], frame[COBS_ENCODED_BYTES(sizeof(data))], back[sizeof(frame)];

	(void)state;
	memset(data, 0xaa, sizeof(data));
	for (size_t bytes = 250; bytes < sizeof(data); bytes++) {
		for (size_t zero = bytes - 4; zero <= bytes; zero++) {
			size_t used;

			memset(data, 0xaa, sizeof(data));
			data[zero] = 0;
			used = cobs_encode(data, bytes, frame);
			assert_true(used <= COBS_ENCODED_BYTES(bytes));
			assert_ptr_equal(memchr(frame, 0, used), frame + used - 1);
			assert_int_equal(cobs_decode(frame, used - 1, back), bytes);
			assert_memory_equal(back, data, bytes);
		}
	}
}

static void cobs_refuses_a_code_past_the_end(void **state)
{
	uint8_t data[8];

	(void)state;
	assert_int_equal(cobs_decode((const uint8_t[]){5, 1, 2}, 3, data), -EPROTO);
	assert_int_equal(cobs_decode((const uint8_t[]){2, 1, 0, 1}, 4, data), -EPROTO);
}

/* Feeds `text` in pieces of `piece` bytes and joins the frames with '|', drops as "<n>". */
static void cut(
	struct framer *framer, const void *text, size_t bytes, size_t piece, char *ret_joined)
{
	const uint8_t *data = text;
	struct frame frame;

	*ret_joined = '\0';
	while (bytes) {
		size_t left = piece < bytes ? piece : bytes;

		bytes -= left;
		for (;;) {
			enum framer_result result = framer_next(framer, &data, &left, &frame);

			if (result == FRAMER_MORE)
				break;
			if (result == FRAMER_DROPPED)
				sprintf(ret_joined + strlen(ret_joined), "<%zu>", frame.bytes);
			else
				sprintf(ret_joined + strlen(ret_joined), "%.*s|", (int)frame.bytes,
					(const char *)frame.data);
		}
		assert_int_equal(left, 0);
	}
}

static void lines_end_with_lf_or_crlf(void **state)
{
	static const char text[] = "one\r\ntwo\n\nthr\ree\nhal";
	char joined[64];
	struct framer framer;
	struct frame frame;

	(void)state;
	for (size_t piece = 1; piece < sizeof(text); piece++) {
		framer_init(&framer, FRAMER_LINES, 0);
		cut(&framer, text, sizeof(text) - 1, piece, joined);
		assert_string_equal(joined, "one|two||thr\ree|");
		assert_int_equal(framer_finish(&framer, &frame), FRAMER_FRAME);
		assert_int_equal(frame.bytes, 3);
		assert_memory_equal(frame.data, "hal", 3);
		assert_int_equal(framer_finish(&framer, &frame), FRAMER_MORE);
	}
}

static void a_long_line_comes_in_pieces(void **state)
{
	static uint8_t text[FRAMER_BYTES * 2 + 11];
	const uint8_t *data = text;
	size_t bytes = sizeof(text);
	struct framer framer;
	struct frame frame;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\n';
	framer_init(&framer, FRAMER_LINES, 0);
	assert_int_equal(framer_next(&framer, &data, &bytes, &frame), FRAMER_FRAME);
	assert_int_equal(frame.bytes, FRAMER_BYTES);
	assert_int_equal(framer_next(&framer, &data, &bytes, &frame), FRAMER_FRAME);
	assert_int_equal(frame.bytes, FRAMER_BYTES);
	assert_int_equal(framer_next(&framer, &data, &bytes, &frame), FRAMER_FRAME);
	assert_int_equal(frame.bytes, 10);
}

static void fixed_frames_are_counted(void **state)
{
	char joined[64];
	struct framer framer;
	struct frame frame;

	(void)state;
	for (size_t piece = 1; piece < 12; piece++) {
		framer_init(&framer, FRAMER_FIXED, 4);
		cut(&framer, "abcdefgh\n1", 10, piece, joined);
		assert_string_equal(joined, "abcd|efgh|");
		assert_int_equal(framer_finish(&framer, &frame), FRAMER_DROPPED);
		assert_int_equal(frame.bytes, 2);
	}
}

static void slip_frames_drop_what_is_malformed(void **state)
{
	static const char text[] = "\xc0\xc0hello\xc0"
				   "ba\xdb!d\xc0world\xc0rest";
	char joined[64];
	struct framer framer;
	struct frame frame;

	(void)state;
	for (size_t piece = 1; piece < sizeof(text); piece++) {
		framer_init(&framer, FRAMER_SLIP, 0);
		cut(&framer, text, sizeof(text) - 1, piece, joined);
		assert_string_equal(joined, "hello|<5>world|");
		assert_int_equal(framer_finish(&framer, &frame), FRAMER_DROPPED);
		assert_int_equal(frame.bytes, 4);
		assert_string_equal(frame.reason, "unfinished frame");
	}
}

static void a_frame_too_long_is_dropped_whole(void **state)
{
	static uint8_t text[FRAMER_BYTES + 100];
	struct framer framer;
	char joined[FRAMER_BYTES];

	(void)state;
	memset(text, 0xff, sizeof(text));
	text[sizeof(text) - 6] = 0;
	memcpy(text + sizeof(text) - 5,
		"\x04"
		"abc",
		5);
	framer_init(&framer, FRAMER_COBS, 0);
	cut(&framer, text, sizeof(text), 333, joined);
	assert_string_equal(joined, "<4190>abc|");
}

/* Random input of every kind: what goes in comes out as frames, delimiters or drops. */
static void no_byte_goes_uncounted(void **state)
{
	static uint8_t text[65536];
	struct framer framer;

	(void)state;
	srand(7);
	for (int kind = FRAMER_LINES; kind <= FRAMER_COBS; kind++) {
		const uint8_t *data = text;
		size_t bytes = sizeof(text), given = 0;
		struct frame frame;
		enum framer_result result;

		for (size_t i = 0; i < sizeof(text); i++)
			text[i] = rand() % 3 ? (uint8_t)(rand() % 4)
					     : (uint8_t) "\n\xc0\xdb\xdc"[rand() % 4];
		framer_init(&framer, (enum framer_kind)kind, 7);
		while ((result = framer_next(&framer, &data, &bytes, &frame)) != FRAMER_MORE)
			given += frame.bytes;
		if (framer_finish(&framer, &frame) != FRAMER_MORE)
			given += frame.bytes;
		assert_int_equal(bytes, 0);
		assert_true(given <= sizeof(text));
		assert_true(kind != FRAMER_FIXED || given == sizeof(text));
		assert_true(given > sizeof(text) / 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slip_escapes_as_the_rfc_says),
		cmocka_unit_test(slip_refuses_a_bad_escape),
		cmocka_unit_test(cobs_matches_known_frames),
		cmocka_unit_test(cobs_survives_long_runs),
		cmocka_unit_test(cobs_refuses_a_code_past_the_end),
		cmocka_unit_test(lines_end_with_lf_or_crlf),
		cmocka_unit_test(a_long_line_comes_in_pieces),
		cmocka_unit_test(fixed_frames_are_counted),
		cmocka_unit_test(slip_frames_drop_what_is_malformed),
		cmocka_unit_test(a_frame_too_long_is_dropped_whole),
		cmocka_unit_test(no_byte_goes_uncounted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
