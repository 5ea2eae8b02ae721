/* SPDX-License-Identifier: MIT */
/*
 * The XMODEM and YMODEM state machines against each other over a simulated line with a clock of its
 * own: every size around the block boundaries, then noise, loss, silence and cancels.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "serialctl/crc16.h"
#include "serialctl/modem_receiver.h"
#include "serialctl/modem_sender.h"

#define FILE_BYTES 8192u
#define FILES      3u
#define SECOND     UINT64_C(1000000000)

struct wire {
	uint8_t data[4 * MODEM_BLOCK_BYTES];
	size_t used;
};

struct line {
	struct modem_sender sender;
	struct modem_receiver receiver;
	struct wire to_sender, to_receiver;
	uint64_t now_ns;
	unsigned noise;   /* one byte in so many is changed, one lost, one added; 0: none */
	bool deaf_sender; /* what the receiver says is lost */

	unsigned file_count;
	size_t size[FILES]; /* of the files to send */
	uint8_t content[FILE_BYTES];
	unsigned sending; /* the file */

	unsigned received_count;
	struct modem_file received[FILES];
	uint8_t kept[FILES][FILE_BYTES + MODEM_LONG_BYTES];
	size_t kept_bytes[FILES];
};

static void wire_put(struct line *line, struct wire *wire, const uint8_t *data, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		unsigned chance = line->noise ? (unsigned)rand() % line->noise : 9;

		if (chance == 0)
			continue;
		assert_true(wire->used < sizeof(wire->data));
		wire->data[wire->used++] = chance == 1 ? (uint8_t)rand() : data[i];
	}
}

static void sender_turn(struct line *line)
{
	struct modem_sender *sender = &line->sender;
	struct modem_file file = {.modified_s = 1700000000, .mode = 0644};

	switch (modem_sender_step(sender)) {
	case MODEM_STEP_OUTPUT:
		wire_put(line, &line->to_receiver, sender->output, sender->output_bytes);
		modem_sender_sent(sender, line->now_ns);
		break;
	case MODEM_STEP_FILE:
		if (line->sending == line->file_count) {
			modem_sender_finish(sender);
			break;
		}
		snprintf(file.name, sizeof(file.name), "file %u", line->sending);
		file.size_bytes = line->size[line->sending++];
		assert_int_equal(modem_sender_file(sender, &file), 0);
		break;
	case MODEM_STEP_DATA:
		modem_sender_data(sender, line->content + sender->done_bytes);
		break;
	default:
		break;
	}
}

static void receiver_turn(struct line *line)
{
	struct modem_receiver *receiver = &line->receiver;
	unsigned index = line->received_count;

	switch (modem_receiver_step(receiver)) {
	case MODEM_STEP_OUTPUT:
		if (!line->deaf_sender)
			wire_put(line, &line->to_sender, receiver->output, receiver->output_bytes);
		modem_receiver_sent(receiver, line->now_ns);
		break;
	case MODEM_STEP_FILE:
		assert_true(index < FILES);
		line->received[index] = receiver->file;
		modem_receiver_accept(receiver);
		break;
	case MODEM_STEP_DATA:
		assert_true(
			line->kept_bytes[index] + receiver->data_bytes <= sizeof(line->kept[0]));
		memcpy(line->kept[index] + line->kept_bytes[index], receiver->data,
			receiver->data_bytes);
		line->kept_bytes[index] += receiver->data_bytes;
		modem_receiver_kept(receiver);
		break;
	case MODEM_STEP_END:
		line->received_count++;
		modem_receiver_kept(receiver);
		break;
	default:
		break;
	}
}

/* Time passes only when both sides wait and nothing is on the line. */
static bool line_idle(const struct line *line)
{
	enum modem_step sender = modem_sender_step(&line->sender);
	enum modem_step receiver = modem_receiver_step(&line->receiver);

	return (sender == MODEM_STEP_WAIT || sender >= MODEM_STEP_DONE) &&
	       (receiver == MODEM_STEP_WAIT || receiver >= MODEM_STEP_DONE) &&
	       line->to_sender.used == 0 && line->to_receiver.used == 0;
}

static bool line_over(const struct line *line)
{
	return modem_sender_step(&line->sender) >= MODEM_STEP_DONE &&
	       modem_receiver_step(&line->receiver) >= MODEM_STEP_DONE;
}

static void line_deliver(struct line *line)
{
	if (line->to_receiver.used && modem_receiver_step(&line->receiver) != MODEM_STEP_OUTPUT) {
		modem_receiver_input(&line->receiver, line->to_receiver.data,
			line->to_receiver.used, line->now_ns);
		line->to_receiver.used = 0;
	}
	if (line->to_sender.used && modem_sender_step(&line->sender) != MODEM_STEP_OUTPUT) {
		modem_sender_input(
			&line->sender, line->to_sender.data, line->to_sender.used, line->now_ns);
		line->to_sender.used = 0;
	}
}

static void line_init(struct line *line, enum modem_protocol protocol, unsigned files)
{
	memset(line, 0, sizeof(*line));
	for (size_t i = 0; i < FILE_BYTES; i++)
		line->content[i] = (uint8_t)(i * 7 + i / 251);
	line->file_count = files;
	line->now_ns = SECOND;
	modem_sender_init(&line->sender, protocol, &modem_timing_default, line->now_ns);
	modem_receiver_init(&line->receiver, protocol, &modem_timing_default, line->now_ns);
}

/* Ends within an hour of the line's time, or the test fails. */
static void line_run(struct line *line)
{
	while (!line_over(line)) {
		sender_turn(line);
		receiver_turn(line);
		line_deliver(line);
		if (line_idle(line)) {
			line->now_ns += SECOND / 4;
			modem_sender_timeout(&line->sender, line->now_ns);
			modem_receiver_timeout(&line->receiver, line->now_ns);
		}
		assert_true(line->now_ns < 3600 * SECOND);
	}
}

static bool line_done(const struct line *line)
{
	return modem_sender_step(&line->sender) == MODEM_STEP_DONE &&
	       modem_receiver_step(&line->receiver) == MODEM_STEP_DONE;
}

static void check_is_the_standard_one(void **state)
{
	(void)state;
	assert_int_equal(crc16_xmodem((const uint8_t *)"123456789", 9), 0x31c3);
	assert_int_equal(checksum8((const uint8_t *)"\xff\x02", 2), 1);
}

static void header_carries_name_size_time(void **state)
{
	struct modem_file file = {"a name", 12345, 1700000000, 0644}, back;
	uint8_t data[MODEM_LONG_BYTES];
	int bytes = modem_header_pack(&file, data);

	(void)state;
	assert_true(bytes > 0);
	assert_memory_equal(data,
		"a name\0"
		"12345 14524770400 644",
		(size_t)bytes);
	assert_int_equal(modem_header_parse(data, (size_t)bytes, &back), 0);
	assert_string_equal(back.name, file.name);
	assert_int_equal(back.size_bytes, file.size_bytes);
	assert_int_equal(back.modified_s, file.modified_s);
	assert_int_equal(back.mode, file.mode);
}

static void header_without_numbers_has_no_size(void **state)
{
	uint8_t data[MODEM_SHORT_BYTES] = "just-a-name";
	struct modem_file file;

	(void)state;
	assert_int_equal(modem_header_parse(data, sizeof(data), &file), 0);
	assert_true(file.size_bytes == MODEM_SIZE_UNKNOWN);
	memset(data, 'x', sizeof(data));
	assert_int_equal(modem_header_parse(data, sizeof(data), &file), -EPROTO);
}

static void ymodem_keeps_every_size(void **state)
{
	static const size_t sizes[] = {
		0, 1, 127, 128, 129, 895, 896, 897, 1023, 1024, 1025, 2047, 2048, 2049, 8191, 8192};
	static struct line line;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		line_init(&line, MODEM_YMODEM, 1);
		line.size[0] = sizes[i];
		line_run(&line);
		assert_true(line_done(&line));
		assert_int_equal(line.received_count, 1);
		assert_int_equal(line.kept_bytes[0], sizes[i]);
		assert_memory_equal(line.kept[0], line.content, sizes[i]);
	}
}

static void ymodem_sends_a_batch(void **state)
{
	static struct line line;

	(void)state;
	line_init(&line, MODEM_YMODEM, 3);
	line.size[0] = 100;
	line.size[1] = 0;
	line.size[2] = 5000;
	line_run(&line);
	assert_true(line_done(&line));
	assert_int_equal(line.received_count, 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(line.kept_bytes[i], line.size[i]);
		assert_memory_equal(line.kept[i], line.content, line.size[i]);
		assert_int_equal(line.received[i].modified_s, 1700000000);
	}
	assert_string_equal(line.received[2].name, "file 2");
}

static void xmodem_pads_the_last_block(void **state)
{
	static const enum modem_protocol protocols[] = {
		MODEM_XMODEM, MODEM_XMODEM_CHECKSUM, MODEM_XMODEM_1K};
	static struct line line;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		line_init(&line, protocols[i], 1);
		line.size[0] = 2000;
		line_run(&line);
		assert_true(line_done(&line));
		assert_int_equal(line.kept_bytes[0], 2048);
		assert_memory_equal(line.kept[0], line.content, 2000);
		assert_int_equal(line.kept[0][2000], MODEM_SUB);
		assert_int_equal(line.sender.crc, protocols[i] != MODEM_XMODEM_CHECKSUM);
	}
}

static void xmodem_falls_back_to_sums(void **state)
{
	static struct line line;

	(void)state;
	line_init(&line, MODEM_XMODEM, 1);
	line.size[0] = 300;
	line.deaf_sender = true;
	while (line.receiver.crc || modem_receiver_step(&line.receiver) != MODEM_STEP_OUTPUT) {
		receiver_turn(&line);
		line.now_ns += SECOND;
		modem_receiver_timeout(&line.receiver, line.now_ns);
	}
	line.deaf_sender = false;
	line_run(&line);
	assert_true(line_done(&line));
	assert_false(line.sender.crc);
	assert_memory_equal(line.kept[0], line.content, 300);
}

/* Whatever noise does: either everything arrived as it was, or a side says that it failed. */
static void noise_never_passes_for_data(void **state)
{
	static struct line line;
	unsigned done = 0, retried = 0;

	(void)state;
	for (unsigned seed = 0; seed < 300; seed++) {
		srand(seed);
		line_init(&line, seed % 4 == 3 ? MODEM_XMODEM_1K : MODEM_YMODEM, 1);
		line.size[0] = 3000 + seed;
		line.noise = 500 + 50 * (seed % 100);
		line_run(&line);
		if (modem_receiver_step(&line.receiver) != MODEM_STEP_DONE)
			continue;
		done++;
		retried += line.receiver.retries > 0;
		assert_int_equal(line.received_count, 1);
		assert_true(line.kept_bytes[0] >= line.size[0]);
		assert_memory_equal(line.kept[0], line.content, line.size[0]);
	}
	assert_true(done > 200);
	assert_true(retried > 50);
}

static void silence_ends_both_sides(void **state)
{
	static struct line line;

	(void)state;
	line_init(&line, MODEM_YMODEM, 1);
	line.deaf_sender = true;
	line_run(&line);
	assert_int_equal(line.sender.error, -ETIMEDOUT);
	assert_int_equal(line.receiver.error, -ETIMEDOUT);
	assert_true(line.now_ns < 200 * SECOND);
}

static void a_peer_that_dies_in_the_middle_is_noticed(void **state)
{
	static struct line line;

	(void)state;
	line_init(&line, MODEM_YMODEM, 1);
	line.size[0] = 8000;
	while (line.receiver.done_bytes < 3000) {
		sender_turn(&line);
		receiver_turn(&line);
		line_deliver(&line);
	}
	line.deaf_sender = true;
	line_run(&line);
	assert_int_equal(modem_sender_step(&line.sender), MODEM_STEP_FAILED);
	assert_int_equal(modem_receiver_step(&line.receiver), MODEM_STEP_FAILED);
}

static void a_storm_of_naks_is_survived_or_ended(void **state)
{
	struct modem_sender sender;
	uint8_t storm[500], data[MODEM_LONG_BYTES] = "";
	struct modem_file file = {"x", 1000, 0, 0};
	unsigned blocks = 0;

	(void)state;
	memset(storm, MODEM_NAK, sizeof(storm));
	modem_sender_init(&sender, MODEM_XMODEM, &modem_timing_default, 0);
	for (uint64_t now = 0; modem_sender_step(&sender) < MODEM_STEP_DONE; now += 1000) {
		switch (modem_sender_step(&sender)) {
		case MODEM_STEP_OUTPUT:
			blocks++;
			modem_sender_sent(&sender, now);
			break;
		case MODEM_STEP_FILE:
			assert_int_equal(modem_sender_file(&sender, &file), 0);
			break;
		case MODEM_STEP_DATA:
			modem_sender_data(&sender, data);
			break;
		default:
			modem_sender_input(&sender, storm, sizeof(storm), now);
			break;
		}
	}
	assert_int_equal(sender.error, -EPROTO);
	assert_int_equal(blocks, MODEM_TRIES + 1); /* and the CANs */
}

static void a_cancel_reaches_the_other_side(void **state)
{
	static struct line line;

	(void)state;
	for (int side = 0; side < 2; side++) {
		line_init(&line, MODEM_YMODEM, 1);
		line.size[0] = 8000;
		while (line.receiver.done_bytes < 3000) {
			sender_turn(&line);
			receiver_turn(&line);
			line_deliver(&line);
		}
		if (side == 0)
			modem_sender_cancel(&line.sender, -ECANCELED);
		else
			modem_receiver_cancel(&line.receiver, -EFBIG);
		line_run(&line);
		assert_int_equal(line.sender.error, -ECANCELED);
		assert_int_equal(line.receiver.error, side ? -EFBIG : -ECANCELED);
		assert_true(line.now_ns < 20 * SECOND);
	}
}

static void endless_chatter_is_not_waited_for(void **state)
{
	struct modem_receiver receiver;
	uint64_t now = 0;

	(void)state;
	modem_receiver_init(&receiver, MODEM_YMODEM, &modem_timing_default, now);
	while (modem_receiver_step(&receiver) < MODEM_STEP_DONE) {
		if (modem_receiver_step(&receiver) == MODEM_STEP_OUTPUT)
			modem_receiver_sent(&receiver, now);
		now += SECOND / 10;
		modem_receiver_input(&receiver, (const uint8_t *)"booting...", 10, now);
		modem_receiver_timeout(&receiver, now);
		assert_true(now < 120 * SECOND);
	}
	assert_int_equal(receiver.error, -ETIMEDOUT);
}

/* Bytes that nobody would send, in any order: no crash, no hang, no write outside. */
static void random_input_does_no_harm(void **state)
{
	static const uint8_t words[] = {1, 2, 4, 6, 0x15, 0x18, 'C', 0, 0xff, 0xfe};
	static struct line line;

	(void)state;
	srand(11);
	for (int round = 0; round < 200; round++) {
		line_init(&line, (enum modem_protocol)(round % 4), 2);
		line.size[0] = 500;
		for (int turn = 0; turn < 2000 && !line_over(&line); turn++) {
			uint8_t data[8];

			for (size_t i = 0; i < sizeof(data); i++)
				data[i] = rand() % 4 ? words[rand() % 10] : (uint8_t)rand();
			line.received_count = 0;
			line.kept_bytes[0] = 0;
			if (line.sending > 1)
				line.sending = 1;
			sender_turn(&line);
			receiver_turn(&line);
			line.to_sender.used = line.to_receiver.used = 0;
			line.now_ns += SECOND / 8;
			modem_sender_input(&line.sender, data, sizeof(data), line.now_ns);
			modem_receiver_input(&line.receiver, data, sizeof(data), line.now_ns);
			modem_sender_timeout(&line.sender, line.now_ns);
			modem_receiver_timeout(&line.receiver, line.now_ns);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(check_is_the_standard_one),
		cmocka_unit_test(header_carries_name_size_time),
		cmocka_unit_test(header_without_numbers_has_no_size),
		cmocka_unit_test(ymodem_keeps_every_size),
		cmocka_unit_test(ymodem_sends_a_batch),
		cmocka_unit_test(xmodem_pads_the_last_block),
		cmocka_unit_test(xmodem_falls_back_to_sums),
		cmocka_unit_test(noise_never_passes_for_data),
		cmocka_unit_test(silence_ends_both_sides),
		cmocka_unit_test(a_peer_that_dies_in_the_middle_is_noticed),
		cmocka_unit_test(a_storm_of_naks_is_survived_or_ended),
		cmocka_unit_test(a_cancel_reaches_the_other_side),
		cmocka_unit_test(endless_chatter_is_not_waited_for),
		cmocka_unit_test(random_input_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
