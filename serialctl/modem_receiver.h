/* SPDX-License-Identifier: MIT */
/*
 * The receiving side of XMODEM and YMODEM as a state machine that does no I/O; driven like the
 * sender (serialctl/modem_sender.h), with these steps of its own:
 *
 *     MODEM_STEP_FILE   receiver.file begins: modem_receiver_accept(), or modem_receiver_cancel()
 *     MODEM_STEP_DATA   keep receiver.data_bytes at receiver.data, then modem_receiver_kept()
 *     MODEM_STEP_END    finish the file, then modem_receiver_kept()
 *
 * The sender is told that a block has arrived only after the caller kept it, and that the file has
 * only after the caller finished it: what fails here is not reported there as done.
 */
#ifndef SERIALCTL_MODEM_RECEIVER_H
#define SERIALCTL_MODEM_RECEIVER_H

#include "serialctl/modem.h"

enum modem_receiver_state {
	RECEIVER_START, /* inviting: nothing of this file (or batch) has come */
	RECEIVER_FILE,  /* the caller is to accept the file */
	RECEIVER_BLOCK, /* between or in blocks */
	RECEIVER_PURGE, /* something was wrong: waiting for the line to fall silent, to complain */
	RECEIVER_DATA,  /* the caller is to keep the data */
	RECEIVER_END,   /* the caller is to finish the file */
	RECEIVER_DONE,
	RECEIVER_FAILED,
};

struct modem_receiver {
	struct modem_timing timing;
	enum modem_protocol protocol;
	enum modem_receiver_state state;
	uint64_t deadline_ns;
	int error; /* -errno when failed */

	uint8_t output[MODEM_CANCEL_BYTES];
	size_t output_bytes;
	bool output_pending;

	struct modem_file file;
	const uint8_t *data; /* within `block` */
	size_t data_bytes;
	uint64_t done_bytes; /* of the file, kept */
	uint64_t retries;    /* over the whole transfer */

	uint8_t block[MODEM_BLOCK_BYTES];
	size_t block_used;
	bool crc;
	bool header;         /* the next block describes a file */
	bool begun;          /* a block of this file has come */
	bool ended;          /* an EOT was refused once, to be sure of it */
	uint8_t number;      /* of the block expected next */
	unsigned tries;      /* for it */
	unsigned prompts;    /* sent without an answer */
	unsigned cancels;    /* CANs in a row */
	uint64_t give_up_ns; /* unless something is received by then */
};

void modem_receiver_init(struct modem_receiver *receiver, enum modem_protocol protocol,
	const struct modem_timing *timing, uint64_t now_ns);

enum modem_step modem_receiver_step(const struct modem_receiver *receiver);

/* What the sender said. */
void modem_receiver_input(
	struct modem_receiver *receiver, const uint8_t *data, size_t bytes, uint64_t now_ns);
/* Call it when deadline_ns has passed; earlier calls change nothing. */
void modem_receiver_timeout(struct modem_receiver *receiver, uint64_t now_ns);
/* The output has left, or will have by `now_ns`. */
void modem_receiver_sent(struct modem_receiver *receiver, uint64_t now_ns);

void modem_receiver_accept(struct modem_receiver *receiver);
void modem_receiver_kept(struct modem_receiver *receiver);

/* Tells the sender to give up, and fails with `error`. */
void modem_receiver_cancel(struct modem_receiver *receiver, int error);

#endif
