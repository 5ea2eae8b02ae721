/* SPDX-License-Identifier: MIT */
#include "serialctl/modem_sender.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

void modem_sender_init(struct modem_sender *sender, enum modem_protocol protocol,
	const struct modem_timing *timing, uint64_t now_ns)
{
	*sender = (struct modem_sender){
		.timing = *timing,
		.protocol = protocol,
		.state = SENDER_START,
		.deadline_ns = now_ns + timing->start_ns,
	};
}

enum modem_step modem_sender_step(const struct modem_sender *sender)
{
	if (sender->output_pending)
		return MODEM_STEP_OUTPUT;
	switch (sender->state) {
	case SENDER_FILE:
		return MODEM_STEP_FILE;
	case SENDER_DATA:
		return MODEM_STEP_DATA;
	case SENDER_DONE:
		return MODEM_STEP_DONE;
	case SENDER_FAILED:
		return MODEM_STEP_FAILED;
	default:
		return MODEM_STEP_WAIT;
	}
}

static void sender_emit(struct modem_sender *sender, enum modem_sender_state state)
{
	sender->state = state;
	sender->output_pending = true;
	sender->tries = 0;
}

static void sender_fail(struct modem_sender *sender, int error)
{
	sender->state = SENDER_FAILED;
	sender->error = error;
}

void modem_sender_cancel(struct modem_sender *sender, int error)
{
	memset(sender->output, MODEM_CAN, MODEM_CANCEL_BYTES);
	sender->output_bytes = MODEM_CANCEL_BYTES;
	sender->output_pending = true;
	sender_fail(sender, error);
}

static void sender_again(struct modem_sender *sender, int error)
{
	sender->retries++;
	if (++sender->tries >= MODEM_TRIES)
		modem_sender_cancel(sender, error);
	else
		sender->output_pending = true;
}

static void sender_end_file(struct modem_sender *sender)
{
	sender->output[0] = MODEM_EOT;
	sender->output_bytes = 1;
	sender_emit(sender, SENDER_EOT);
}

/* A tail that fits in seven short blocks goes in short ones: less to pad, less to send again. */
static size_t sender_block_bytes(const struct modem_sender *sender)
{
	bool longer = sender->protocol == MODEM_XMODEM_1K || sender->protocol == MODEM_YMODEM;
	size_t room = MODEM_SHORT_BYTES;

	if (longer && sender->left_bytes > 7 * MODEM_SHORT_BYTES)
		room = MODEM_LONG_BYTES;
	return sender->left_bytes < room ? (size_t)sender->left_bytes : room;
}

static void sender_next_block(struct modem_sender *sender)
{
	sender->want_bytes = sender_block_bytes(sender);
	if (sender->want_bytes)
		sender->state = SENDER_DATA;
	else
		sender_end_file(sender);
}

static void sender_acknowledged(struct modem_sender *sender, uint64_t now_ns)
{
	sender->deadline_ns = now_ns + sender->timing.start_ns;
	switch (sender->state) {
	case SENDER_HEADER:
		sender->state = SENDER_OPENED;
		break;
	case SENDER_BLOCK:
		sender->number++;
		sender->left_bytes -= sender->want_bytes;
		sender->done_bytes += sender->want_bytes;
		sender_next_block(sender);
		break;
	case SENDER_EOT:
		sender->state = sender->protocol == MODEM_YMODEM ? SENDER_NEXT : SENDER_DONE;
		break;
	case SENDER_LAST:
		sender->state = SENDER_DONE;
		break;
	default:
		break;
	}
}

static void sender_invited(struct modem_sender *sender, bool crc, uint64_t now_ns)
{
	switch (sender->state) {
	case SENDER_START:
	case SENDER_NEXT:
		sender->crc = crc;
		sender->state = SENDER_FILE;
		break;
	case SENDER_OPENED:
		sender->crc = crc;
		sender_next_block(sender);
		break;
	default:
		/* An invitation that crossed with the block is no complaint about it. A NAK is. */
		if (!crc || now_ns >= sender->sent_ns + sender->timing.quiet_ns)
			sender_again(sender, -EPROTO);
		break;
	}
}

static void sender_byte(struct modem_sender *sender, uint8_t byte, uint64_t now_ns)
{
	sender->cancels = byte == MODEM_CAN ? sender->cancels + 1 : 0;
	if (sender->cancels == 2)
		sender_fail(sender, -ECANCELED);
	else if (byte == MODEM_ACK)
		sender_acknowledged(sender, now_ns);
	else if (byte == MODEM_NAK || byte == MODEM_CRC)
		sender_invited(sender, byte == MODEM_CRC, now_ns);
}

void modem_sender_input(
	struct modem_sender *sender, const uint8_t *data, size_t bytes, uint64_t now_ns)
{
	/* What arrived before something was sent can't be an answer to it: the rest is dropped. */
	for (size_t i = 0; i < bytes && modem_sender_step(sender) == MODEM_STEP_WAIT; i++)
		sender_byte(sender, data[i], now_ns);
}

void modem_sender_timeout(struct modem_sender *sender, uint64_t now_ns)
{
	if (now_ns < sender->deadline_ns || modem_sender_step(sender) != MODEM_STEP_WAIT)
		return;
	switch (sender->state) {
	case SENDER_START:
	case SENDER_OPENED:
	case SENDER_NEXT:
		modem_sender_cancel(sender, -ETIMEDOUT);
		break;
	default:
		sender_again(sender, -ETIMEDOUT);
		break;
	}
}

void modem_sender_sent(struct modem_sender *sender, uint64_t now_ns)
{
	sender->output_pending = false;
	sender->sent_ns = now_ns;
	/* A receiver may wait a second for the line to fall silent before it believes in an end,
	 * but has nothing to write to a slow medium. */
	sender->deadline_ns = now_ns + (sender->state == SENDER_EOT ? sender->timing.prompt_ns
								    : sender->timing.reply_ns);
}

int modem_sender_file(struct modem_sender *sender, const struct modem_file *file)
{
	uint8_t header[MODEM_LONG_BYTES];
	int header_bytes;

	assert(sender->state == SENDER_FILE && file->size_bytes != MODEM_SIZE_UNKNOWN);
	if (sender->protocol != MODEM_YMODEM) {
		sender->number = 1;
		sender->left_bytes = file->size_bytes;
		sender->done_bytes = 0;
		sender_next_block(sender);
		return 0;
	}
	header_bytes = modem_header_pack(file, header);
	if (header_bytes < 0)
		return header_bytes;
	sender->output_bytes =
		modem_block_build(sender->output, 0, header, (size_t)header_bytes, 0, sender->crc);
	sender->number = 1;
	sender->left_bytes = file->size_bytes;
	sender->done_bytes = 0;
	sender_emit(sender, SENDER_HEADER);
	return 0;
}

void modem_sender_finish(struct modem_sender *sender)
{
	assert(sender->state == SENDER_FILE);
	if (sender->protocol != MODEM_YMODEM) {
		sender->state = SENDER_DONE;
		return;
	}
	sender->output_bytes = modem_block_build(sender->output, 0, NULL, 0, 0, sender->crc);
	sender_emit(sender, SENDER_LAST);
}

void modem_sender_data(struct modem_sender *sender, const uint8_t *data)
{
	assert(sender->state == SENDER_DATA);
	sender->output_bytes = modem_block_build(
		sender->output, sender->number, data, sender->want_bytes, MODEM_SUB, sender->crc);
	sender_emit(sender, SENDER_BLOCK);
}
