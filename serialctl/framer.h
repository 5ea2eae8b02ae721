/* SPDX-License-Identifier: MIT */
/*
 * Cuts a stream of bytes into frames. No byte disappears unseen: it is in a frame, it is a
 * delimiter, or it is counted in a FRAMER_DROPPED.
 */
#ifndef SERIALCTL_FRAMER_H
#define SERIALCTL_FRAMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAMER_BYTES 4096u /* the longest frame; a longer line comes in pieces */

enum framer_kind {
	FRAMER_LINES, /* up to LF; a CR before it is part of the delimiter */
	FRAMER_FIXED, /* frame_bytes each */
	FRAMER_SLIP,  /* serialctl/slip.h */
	FRAMER_COBS,  /* serialctl/cobs.h */
};

enum framer_result {
	FRAMER_MORE,    /* all input is used, and no frame is complete */
	FRAMER_FRAME,   /* frame.data and frame.bytes, until the next call */
	FRAMER_DROPPED, /* frame.bytes of input are lost, frame.reason says why */
};

struct frame {
	const uint8_t *data;
	size_t bytes;
	const char *reason;
};

struct framer {
	enum framer_kind kind;
	size_t frame_bytes;    /* FRAMER_FIXED: 1 to FRAMER_BYTES */
	size_t used;           /* of `buffer` */
	size_t overflow_bytes; /* of a SLIP or COBS frame that is too long */
	uint8_t buffer[FRAMER_BYTES];
};

void framer_init(struct framer *framer, enum framer_kind kind, size_t frame_bytes);

/* Takes input from *data, moves it on, and stops at each frame: call it until FRAMER_MORE. */
enum framer_result framer_next(
	struct framer *framer, const uint8_t **data, size_t *bytes, struct frame *ret_frame);

/* The stream has ended. An unfinished line is given as a frame, anything else unfinished is
 * dropped. */
enum framer_result framer_finish(struct framer *framer, struct frame *ret_frame);

#endif
