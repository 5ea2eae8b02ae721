/* SPDX-License-Identifier: MIT */
#include "serialctl/modem_receiver.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define CRC_PROMPTS 4u /* unanswered, before a sender is taken for one that knows only sums */

static void receiver_say(struct modem_receiver *receiver, uint8_t byte)
{
	receiver->output[receiver->output_bytes++] = byte;
	receiver->output_pending = true;
}

static void receiver_invite(struct modem_receiver *receiver)
{
	receiver->state = RECEIVER_START;
	receiver->block_used = 0;
	receiver_say(receiver, receiver->crc ? MODEM_CRC : MODEM_NAK);
}

void modem_receiver_init(struct modem_receiver *receiver, enum modem_protocol protocol,
	const struct modem_timing *timing, uint64_t now_ns)
{
	*receiver = (struct modem_receiver){
		.timing = *timing,
		.protocol = protocol,
		.crc = protocol != MODEM_XMODEM_CHECKSUM,
		.header = protocol == MODEM_YMODEM,
		.number = protocol == MODEM_YMODEM ? 0 : 1,
		.file.size_bytes = MODEM_SIZE_UNKNOWN,
		.give_up_ns = now_ns + timing->start_ns,
	};
	if (receiver->header)
		receiver_invite(receiver);
	else
		receiver->state = RECEIVER_FILE; /* nobody will name it */
}

enum modem_step modem_receiver_step(const struct modem_receiver *receiver)
{
	if (receiver->output_pending)
		return MODEM_STEP_OUTPUT;
	switch (receiver->state) {
	case RECEIVER_FILE:
		return MODEM_STEP_FILE;
	case RECEIVER_DATA:
		return MODEM_STEP_DATA;
	case RECEIVER_END:
		return MODEM_STEP_END;
	case RECEIVER_DONE:
		return MODEM_STEP_DONE;
	case RECEIVER_FAILED:
		return MODEM_STEP_FAILED;
	default:
		return MODEM_STEP_WAIT;
	}
}

static void receiver_fail(struct modem_receiver *receiver, int error)
{
	receiver->state = RECEIVER_FAILED;
	receiver->error = error;
}

void modem_receiver_cancel(struct modem_receiver *receiver, int error)
{
	memset(receiver->output, MODEM_CAN, MODEM_CANCEL_BYTES);
	receiver->output_bytes = MODEM_CANCEL_BYTES;
	receiver->output_pending = true;
	receiver_fail(receiver, error);
}

static void receiver_complain(struct modem_receiver *receiver, int error)
{
	receiver->block_used = 0;
	receiver->retries++;
	if (++receiver->tries >= MODEM_TRIES) {
		modem_receiver_cancel(receiver, error);
		return;
	}
	if (receiver->begun) {
		receiver->state = RECEIVER_BLOCK;
		receiver_say(receiver, MODEM_NAK);
	} else {
		receiver_invite(receiver);
	}
}

static void receiver_purge(struct modem_receiver *receiver)
{
	receiver->state = RECEIVER_PURGE;
	receiver->block_used = 0;
}

static void receiver_take_header(struct modem_receiver *receiver)
{
	size_t bytes = modem_block_data_bytes(receiver->block[0]);

	if (modem_header_parse(receiver->block + 3, bytes, &receiver->file) < 0) {
		receiver_purge(receiver);
		return;
	}
	receiver->tries = 0;
	if (receiver->file.name[0] != '\0') {
		receiver->state = RECEIVER_FILE;
		return;
	}
	receiver_say(receiver, MODEM_ACK);
	receiver->state = RECEIVER_DONE;
}

void modem_receiver_accept(struct modem_receiver *receiver)
{
	assert(receiver->state == RECEIVER_FILE);
	if (receiver->header)
		receiver_say(receiver, MODEM_ACK);
	receiver->header = false;
	receiver->begun = false;
	receiver->ended = false;
	receiver->number = 1;
	receiver->done_bytes = 0;
	receiver->prompts = 0;
	receiver_invite(receiver);
}

static void receiver_take_data(struct modem_receiver *receiver)
{
	size_t bytes = modem_block_data_bytes(receiver->block[0]);
	uint64_t left = receiver->file.size_bytes - receiver->done_bytes;

	receiver->begun = true;
	receiver->ended = false;
	receiver->tries = 0;
	receiver->prompts = 0;
	receiver->data = receiver->block + 3;
	receiver->data_bytes = left < bytes ? (size_t)left : bytes;
	receiver->state = RECEIVER_DATA;
}

static void receiver_complete(struct modem_receiver *receiver)
{
	uint8_t number = receiver->block[1];

	receiver->block_used = 0;
	if (!modem_block_valid(receiver->block, receiver->crc)) {
		receiver_purge(receiver);
	} else if (number != receiver->number) {
		/* The one before again: our ACK was lost. Anything else can't be put right. */
		if ((uint8_t)(number + 1) != receiver->number)
			modem_receiver_cancel(receiver, -EPROTO);
		else
			receiver_say(receiver, MODEM_ACK);
	} else if (receiver->header) {
		receiver_take_header(receiver);
	} else {
		receiver_take_data(receiver);
	}
}

/* A lone EOT may be noise, so it is refused once, unless the size tells that it is right. */
static void receiver_end(struct modem_receiver *receiver)
{
	bool sized = receiver->file.size_bytes != MODEM_SIZE_UNKNOWN;
	bool whole = sized && receiver->done_bytes == receiver->file.size_bytes;

	if (receiver->header) {
		receiver_say(receiver, MODEM_ACK); /* the last file's EOT again: our ACK was lost */
	} else if (whole || (receiver->ended && !sized)) {
		receiver->state = RECEIVER_END;
	} else if (receiver->ended) {
		modem_receiver_cancel(receiver, -EPROTO);
	} else {
		receiver->ended = true;
		receiver_say(receiver, MODEM_NAK);
	}
}

void modem_receiver_kept(struct modem_receiver *receiver)
{
	receiver_say(receiver, MODEM_ACK);
	if (receiver->state == RECEIVER_DATA) {
		receiver->done_bytes += receiver->data_bytes;
		receiver->number++;
		receiver->state = RECEIVER_BLOCK;
		return;
	}
	assert(receiver->state == RECEIVER_END);
	if (receiver->protocol != MODEM_YMODEM) {
		receiver->state = RECEIVER_DONE;
		return;
	}
	receiver->header = true;
	receiver->begun = false;
	receiver->number = 0;
	receiver->prompts = 0;
	receiver_invite(receiver);
}

static void receiver_first_byte(struct modem_receiver *receiver, uint8_t byte)
{
	receiver->cancels = byte == MODEM_CAN ? receiver->cancels + 1 : 0;
	switch (byte) {
	case MODEM_SOH:
	case MODEM_STX:
		receiver->block[receiver->block_used++] = byte;
		break;
	case MODEM_EOT:
		receiver_end(receiver);
		break;
	case MODEM_CAN:
		if (receiver->cancels == 2)
			receiver_fail(receiver, -ECANCELED);
		break;
	default:
		receiver_purge(receiver);
		break;
	}
}

static void receiver_byte(struct modem_receiver *receiver, uint8_t byte)
{
	if (receiver->block_used == 0) {
		receiver_first_byte(receiver, byte);
		return;
	}
	receiver->block[receiver->block_used++] = byte;
	if (receiver->block_used == modem_block_bytes(receiver->block[0], receiver->crc))
		receiver_complete(receiver);
}

void modem_receiver_input(
	struct modem_receiver *receiver, const uint8_t *data, size_t bytes, uint64_t now_ns)
{
	/* A sender waits for its answer: what follows a block or EOT at once is stale. */
	for (size_t i = 0; i < bytes && modem_receiver_step(receiver) == MODEM_STEP_WAIT; i++) {
		if (receiver->state == RECEIVER_PURGE)
			break;
		receiver_byte(receiver, data[i]);
	}
	if (modem_receiver_step(receiver) != MODEM_STEP_WAIT)
		return;
	if (now_ns >= receiver->give_up_ns) /* a line that never falls silent ends here */
		modem_receiver_cancel(receiver, -ETIMEDOUT);
	else if (receiver->state == RECEIVER_PURGE || receiver->block_used || receiver->cancels)
		receiver->deadline_ns = now_ns + receiver->timing.quiet_ns;
}

/* Inviting again, in sums where the sender may know nothing better. */
static void receiver_prompt(struct modem_receiver *receiver, uint64_t now_ns)
{
	if (now_ns >= receiver->give_up_ns) {
		modem_receiver_cancel(receiver, -ETIMEDOUT);
		return;
	}
	if (++receiver->prompts >= CRC_PROMPTS && receiver->protocol == MODEM_XMODEM)
		receiver->crc = false;
	receiver_invite(receiver);
}

void modem_receiver_timeout(struct modem_receiver *receiver, uint64_t now_ns)
{
	if (now_ns < receiver->deadline_ns || modem_receiver_step(receiver) != MODEM_STEP_WAIT)
		return;
	receiver->cancels = 0;
	if (receiver->state == RECEIVER_START && receiver->block_used == 0)
		receiver_prompt(receiver, now_ns);
	else
		receiver_complain(
			receiver, receiver->state == RECEIVER_PURGE ? -EPROTO : -ETIMEDOUT);
}

void modem_receiver_sent(struct modem_receiver *receiver, uint64_t now_ns)
{
	const struct modem_timing *timing = &receiver->timing;
	bool inviting = receiver->state == RECEIVER_START;

	if (receiver->tries == 0 && receiver->prompts == 0)
		receiver->give_up_ns = now_ns + timing->start_ns;
	receiver->output_bytes = 0;
	receiver->output_pending = false;
	receiver->deadline_ns = now_ns + (inviting ? timing->prompt_ns : timing->reply_ns);
}
