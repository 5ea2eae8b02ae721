/* SPDX-License-Identifier: MIT */
/*
 * The XMODEM and YMODEM state machines, SLIP, COBS and the framer, fed with anything. The first
 * byte picks the protocol and the side; the rest comes in pieces whose lengths it tells, with time
 * between them.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "serialctl/framer.h"
#include "serialctl/modem_receiver.h"
#include "serialctl/modem_sender.h"

#define PIECE_MAX 64u
#define STEPS_MAX 100000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

struct input {
	const uint8_t *data;
	size_t bytes;
	uint64_t now_ns;
};

/* The next piece: a length, a time in eighths of a second, and so many bytes. */
static const uint8_t *next_piece(struct input *input, size_t *ret_bytes)
{
	const uint8_t *piece = input->data + 2;
	size_t bytes;

	if (input->bytes < 2)
		return NULL;
	bytes = input->data[0] % PIECE_MAX;
	input->now_ns += input->data[1] * UINT64_C(125000000);
	if (bytes > input->bytes - 2)
		bytes = input->bytes - 2;
	input->data += 2 + bytes;
	input->bytes -= 2 + bytes;
	*ret_bytes = bytes;
	return piece;
}

static void run_receiver(enum modem_protocol protocol, struct input *input)
{
	struct modem_receiver receiver;
	uint64_t kept = 0;

	modem_receiver_init(&receiver, protocol, &modem_timing_default, 0);
	for (unsigned step = 0; step < STEPS_MAX; step++) {
		const uint8_t *piece;
		size_t bytes;

		switch (modem_receiver_step(&receiver)) {
		case MODEM_STEP_OUTPUT:
			if (receiver.output_bytes == 0 ||
				receiver.output_bytes > MODEM_CANCEL_BYTES)
				abort();
			modem_receiver_sent(&receiver, input->now_ns);
			break;
		case MODEM_STEP_FILE:
			kept = 0;
			modem_receiver_accept(&receiver);
			break;
		case MODEM_STEP_DATA:
			kept += receiver.data_bytes;
			if (kept > receiver.file.size_bytes)
				abort();
			modem_receiver_kept(&receiver);
			break;
		case MODEM_STEP_END:
			modem_receiver_kept(&receiver);
			break;
		case MODEM_STEP_WAIT:
			piece = next_piece(input, &bytes);
			if (!piece)
				return;
			modem_receiver_input(&receiver, piece, bytes, input->now_ns);
			modem_receiver_timeout(&receiver, input->now_ns);
			break;
		default:
			return;
		}
	}
	abort();
}

static void run_sender(enum modem_protocol protocol, struct input *input)
{
	static const uint8_t block[MODEM_LONG_BYTES];
	struct modem_file file = {.name = "file", .size_bytes = 3000};
	struct modem_sender sender;
	unsigned files = 0;

	modem_sender_init(&sender, protocol, &modem_timing_default, 0);
	for (unsigned step = 0; step < STEPS_MAX; step++) {
		const uint8_t *piece;
		size_t bytes;

		switch (modem_sender_step(&sender)) {
		case MODEM_STEP_OUTPUT:
			if (sender.output_bytes == 0 || sender.output_bytes > MODEM_BLOCK_BYTES)
				abort();
			modem_sender_sent(&sender, input->now_ns);
			break;
		case MODEM_STEP_FILE:
			if (files++ < 2 && modem_sender_file(&sender, &file))
				abort();
			else if (files > 2)
				modem_sender_finish(&sender);
			break;
		case MODEM_STEP_DATA:
			if (sender.want_bytes == 0 || sender.want_bytes > MODEM_LONG_BYTES)
				abort();
			modem_sender_data(&sender, block);
			break;
		case MODEM_STEP_WAIT:
			piece = next_piece(input, &bytes);
			if (!piece)
				return;
			modem_sender_input(&sender, piece, bytes, input->now_ns);
			modem_sender_timeout(&sender, input->now_ns);
			break;
		default:
			return;
		}
	}
	abort();
}

static void run_framer(enum framer_kind kind, const uint8_t *data, size_t bytes)
{
	size_t given = 0, all = bytes;
	struct framer framer;
	struct frame frame;

	framer_init(&framer, kind, 5);
	while (framer_next(&framer, &data, &bytes, &frame) != FRAMER_MORE)
		given += frame.bytes;
	if (framer_finish(&framer, &frame) != FRAMER_MORE)
		given += frame.bytes;
	if (bytes || given > all)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct input input = {.data = data + 1, .bytes = bytes - 1};

	if (bytes == 0)
		return 0;
	switch (data[0] % 3) {
	case 0:
		run_receiver((enum modem_protocol)(data[0] / 3 % 4), &input);
		break;
	case 1:
		run_sender((enum modem_protocol)(data[0] / 3 % 4), &input);
		break;
	default:
		run_framer((enum framer_kind)(data[0] / 3 % 4), data + 1, bytes - 1);
		break;
	}
	return 0;
}
