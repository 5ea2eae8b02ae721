/* SPDX-License-Identifier: MIT */
/* What a serial process is asked to do with its port. */
#ifndef SERIALCTL_TASK_H
#define SERIALCTL_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "haul/serial.h"
#include "serialctl/framer.h"

enum serial_action {
	SERIAL_SEND,
	SERIAL_RECEIVE,
	SERIAL_STREAM,
};

enum serial_protocol {
	PROTOCOL_YMODEM = 0,
	PROTOCOL_XMODEM,
	PROTOCOL_XMODEM_CHECKSUM,
	PROTOCOL_XMODEM_1K,
	PROTOCOL_RAW,
};

struct serial_task {
	enum serial_action action;
	const char *port; /* its name */
	struct haul_port_settings settings;
	unsigned protocol;  /* enum serial_protocol */
	char *const *files; /* to send */
	unsigned file_count;
	const char *target;     /* to receive: a directory for YMODEM, otherwise a file */
	bool overwrite;         /* a file that exists */
	unsigned start_s;       /* how long the peer may take to begin; 0: a minute */
	unsigned idle_ms;       /* raw: silence that ends the file */
	uint64_t limit_bytes;   /* raw: receive so many, 0: until idle */
	uint64_t pace_bytes;    /* raw: send at most so many a second; 0: as fast as it goes */
	unsigned line_delay_ms; /* raw: after each line sent */
	unsigned framing;       /* stream: enum framer_kind */
	unsigned frame_bytes;   /* stream: of fixed frames */
	bool reconnect;         /* stream: wait for a lost port */
};

#endif
