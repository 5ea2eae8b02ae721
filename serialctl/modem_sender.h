/* SPDX-License-Identifier: MIT */
/*
 * The sending side of XMODEM and YMODEM as a state machine that does no I/O.
 *
 *     modem_sender_init(&sender, protocol, &modem_timing_default, now);
 *     for (;;) switch (modem_sender_step(&sender)) {
 *     case MODEM_STEP_WAIT:   read until sender.deadline_ns, then modem_sender_input(), or
 *                             modem_sender_timeout() if nothing came
 *     case MODEM_STEP_OUTPUT: write sender.output, then modem_sender_sent()
 *     case MODEM_STEP_FILE:   modem_sender_file(), or modem_sender_finish() after the last
 *     case MODEM_STEP_DATA:   modem_sender_data() with sender.want_bytes of the file
 *     case MODEM_STEP_DONE:
 *     case MODEM_STEP_FAILED: stop
 *     }
 *
 * Times are CLOCK_MONOTONIC's or any other that only grows, in nanoseconds.
 */
#ifndef SERIALCTL_MODEM_SENDER_H
#define SERIALCTL_MODEM_SENDER_H

#include "serialctl/modem.h"

enum modem_sender_state {
	SENDER_START,  /* the receiver has not spoken yet */
	SENDER_FILE,   /* the caller is to name the next file */
	SENDER_HEADER, /* the header is out: ACK is awaited */
	SENDER_OPENED, /* the header is acknowledged: 'C' is awaited */
	SENDER_DATA,   /* the caller is to bring data */
	SENDER_BLOCK,  /* a block is out: ACK is awaited */
	SENDER_EOT,    /* the file's end is out: ACK is awaited */
	SENDER_NEXT,   /* the file is done: 'C' is awaited */
	SENDER_LAST,   /* the batch's end is out: ACK is awaited */
	SENDER_DONE,
	SENDER_FAILED,
};

struct modem_sender {
	struct modem_timing timing;
	enum modem_protocol protocol;
	enum modem_sender_state state;
	uint64_t deadline_ns;
	int error; /* -errno when failed */

	uint8_t output[MODEM_BLOCK_BYTES];
	size_t output_bytes;
	bool output_pending;
	uint64_t sent_ns; /* when the last output was out */

	bool crc;            /* what the receiver asked for */
	uint8_t number;      /* of the block that is out or comes next */
	unsigned tries;      /* for what is out now */
	unsigned cancels;    /* CANs in a row */
	uint64_t left_bytes; /* of the file, not yet in an acknowledged block */
	size_t want_bytes;   /* that the next block holds */

	uint64_t done_bytes; /* of the file, acknowledged */
	uint64_t retries;    /* over the whole transfer */
};

void modem_sender_init(struct modem_sender *sender, enum modem_protocol protocol,
	const struct modem_timing *timing, uint64_t now_ns);

enum modem_step modem_sender_step(const struct modem_sender *sender);

/* What the receiver said. */
void modem_sender_input(
	struct modem_sender *sender, const uint8_t *data, size_t bytes, uint64_t now_ns);
/* Call it when deadline_ns has passed; earlier calls change nothing. */
void modem_sender_timeout(struct modem_sender *sender, uint64_t now_ns);
/* The output has left, or will have by `now_ns`. */
void modem_sender_sent(struct modem_sender *sender, uint64_t now_ns);

/* The next file. Its size must be known. -ENAMETOOLONG leaves the sender waiting for another. */
int modem_sender_file(struct modem_sender *sender, const struct modem_file *file);
/* No more files. */
void modem_sender_finish(struct modem_sender *sender);
/* Exactly want_bytes of the file. */
void modem_sender_data(struct modem_sender *sender, const uint8_t *data);

/* Tells the receiver to give up, and fails with `error`. */
void modem_sender_cancel(struct modem_sender *sender, int error);

#endif
