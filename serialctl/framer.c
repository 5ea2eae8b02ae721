/* SPDX-License-Identifier: MIT */
#include "serialctl/framer.h"

#include <string.h>

#include "serialctl/cobs.h"
#include "serialctl/slip.h"

void framer_init(struct framer *framer, enum framer_kind kind, size_t frame_bytes)
{
	framer->kind = kind;
	framer->frame_bytes = frame_bytes;
	framer->used = 0;
	framer->overflow_bytes = 0;
}

static enum framer_result framer_give(struct framer *framer, size_t bytes, struct frame *ret_frame)
{
	*ret_frame = (struct frame){.data = framer->buffer, .bytes = bytes};
	framer->used = 0;
	return FRAMER_FRAME;
}

static enum framer_result framer_drop(
	struct framer *framer, const char *reason, struct frame *ret_frame)
{
	*ret_frame = (struct frame){
		.bytes = framer->used + framer->overflow_bytes,
		.reason = reason,
	};
	framer->used = 0;
	framer->overflow_bytes = 0;
	return FRAMER_DROPPED;
}

static int framer_delimiter(const struct framer *framer)
{
	switch (framer->kind) {
	case FRAMER_LINES:
		return '\n';
	case FRAMER_SLIP:
		return SLIP_END;
	case FRAMER_COBS:
		return 0;
	default:
		return -1;
	}
}

static enum framer_result framer_decoded(struct framer *framer, struct frame *ret_frame)
{
	ssize_t bytes;

	if (framer->overflow_bytes)
		return framer_drop(framer, "frame too long", ret_frame);
	if (framer->used == 0)
		return FRAMER_MORE; /* delimiters in a row are idle line, not empty frames */
	if (framer->kind == FRAMER_SLIP)
		bytes = slip_decode(framer->buffer, framer->used, framer->buffer);
	else
		bytes = cobs_decode(framer->buffer, framer->used, framer->buffer);
	if (bytes < 0)
		return framer_drop(framer, "malformed frame", ret_frame);
	return framer_give(framer, (size_t)bytes, ret_frame);
}

static enum framer_result framer_delimited(struct framer *framer, struct frame *ret_frame)
{
	size_t bytes = framer->used;

	if (framer->kind != FRAMER_LINES)
		return framer_decoded(framer, ret_frame);
	if (bytes && framer->buffer[bytes - 1] == '\r')
		bytes--;
	return framer_give(framer, bytes, ret_frame);
}

static void framer_store(struct framer *framer, const uint8_t *data, size_t bytes)
{
	size_t room = FRAMER_BYTES - framer->used;
	size_t take = bytes < room ? bytes : room;

	memcpy(framer->buffer + framer->used, data, take);
	framer->used += take;
	framer->overflow_bytes += bytes - take;
}

/* Frames whose end is a count: fixed ones, and pieces of lines that are too long. */
static enum framer_result framer_counted(struct framer *framer, const uint8_t **data, size_t *bytes,
	size_t limit, struct frame *ret_frame)
{
	size_t take = limit - framer->used < *bytes ? limit - framer->used : *bytes;

	framer_store(framer, *data, take);
	*data += take;
	*bytes -= take;
	if (framer->used < limit)
		return FRAMER_MORE;
	return framer_give(framer, framer->used, ret_frame);
}

enum framer_result framer_next(
	struct framer *framer, const uint8_t **data, size_t *bytes, struct frame *ret_frame)
{
	while (*bytes) {
		int delimiter = framer_delimiter(framer);
		const uint8_t *end = delimiter < 0 ? NULL : memchr(*data, delimiter, *bytes);
		size_t take = end ? (size_t)(end - *data) : *bytes;
		enum framer_result result;

		if (framer->kind == FRAMER_FIXED)
			return framer_counted(framer, data, bytes, framer->frame_bytes, ret_frame);
		if (framer->kind == FRAMER_LINES && framer->used + take > FRAMER_BYTES)
			return framer_counted(framer, data, bytes, FRAMER_BYTES, ret_frame);
		framer_store(framer, *data, take);
		*data += take + (end != NULL);
		*bytes -= take + (end != NULL);
		if (!end)
			return FRAMER_MORE;
		result = framer_delimited(framer, ret_frame);
		if (result != FRAMER_MORE)
			return result;
	}
	return FRAMER_MORE;
}

enum framer_result framer_finish(struct framer *framer, struct frame *ret_frame)
{
	if (framer->used == 0)
		return FRAMER_MORE;
	if (framer->kind == FRAMER_LINES)
		return framer_give(framer, framer->used, ret_frame);
	return framer_drop(framer, "unfinished frame", ret_frame);
}
