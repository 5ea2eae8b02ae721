/* SPDX-License-Identifier: MIT */
#include "io/content.h"

#include <errno.h>
#include <string.h>

#include "io/checksum.h"
#include "io/medium.h"
#include "io/source.h"

static bool has_side(const struct content *content, unsigned side)
{
	return content->side[side].fd != CONTENT_NO_FD;
}

static void chunk_free(struct content *content, struct content_chunk *chunk)
{
	for (unsigned side = 0; side < CONTENT_SIDES; side++) {
		if (chunk->buffer[side])
			buffer_pool_give(content->pool, chunk->buffer[side]);
		chunk->buffer[side] = NULL;
	}
}

void content_close(struct content *content)
{
	for (unsigned i = 0; i < CONTENT_WINDOW; i++)
		chunk_free(content, &content->chunk[i]);
	content->count = 0;
}

static void fail(struct content *content, unsigned side, int error)
{
	if (content->error)
		return;
	content->error = error;
	content->fault = side;
}

static bool is_over(const struct content *content)
{
	return content->error || content->shrunk || content->differs_at != UINT64_MAX;
}

/* ---- what was read ---- */

static uint64_t first_difference(const uint8_t *a, const uint8_t *b, size_t bytes)
{
	size_t at = 0;

	while (at < bytes && a[at] == b[at])
		at++;
	return at;
}

static void consume(struct content *content, const struct content_chunk *chunk)
{
	uint32_t bytes = chunk->bytes;
	bool both = has_side(content, 0) && has_side(content, 1);

	for (unsigned side = 0; side < CONTENT_SIDES; side++)
		if (has_side(content, side) && chunk->filled[side] < bytes)
			bytes = chunk->filled[side];
	if (both && memcmp(chunk->buffer[0], chunk->buffer[1], bytes) != 0)
		content->differs_at =
			chunk->offset + first_difference(chunk->buffer[0], chunk->buffer[1], bytes);
	else if (bytes < chunk->bytes)
		content->shrunk = true;
	if (content->sum)
		checksum_add(content->sum, chunk->buffer[1], bytes);
	content->done_bytes += bytes;
}

/* In order, so that the first difference is the first one found, and for the checksum. */
static void consume_complete(struct content *content)
{
	while (content->count) {
		struct content_chunk *chunk = &content->chunk[content->first];

		if (!chunk->complete[0] || !chunk->complete[1])
			return;
		if (!is_over(content))
			consume(content, chunk);
		chunk_free(content, chunk);
		content->first = (content->first + 1) % CONTENT_WINDOW;
		content->count--;
	}
}

/* ---- reading ---- */

static void refuse_direct(struct content_side *side)
{
	medium_go_cached(side->fd);
	side->direct = false;
}

/* Takes in what a read gave (0: the end of the file). False: it needs to read on. */
static bool take_read(
	struct content *content, struct content_chunk *chunk, unsigned side, ssize_t got)
{
	uint32_t left = chunk->bytes - chunk->filled[side];

	if (got == -EINVAL && content->side[side].direct) {
		refuse_direct(&content->side[side]);
		return false;
	}
	if (got == -EAGAIN || got == -EINTR)
		return false;
	if (got < 0)
		fail(content, side, (int)got);
	else
		/* The last block may go on behind what is wanted. */
		chunk->filled[side] += (uint64_t)got < left ? (uint32_t)got : left;
	chunk->complete[side] = got <= 0 || chunk->filled[side] == chunk->bytes;
	return chunk->complete[side];
}

/* Direct reads ask for whole blocks; a rest that begins within one comes through the cache, from
 * which everything was dropped. */
static uint32_t bytes_to_read(
	struct content *content, const struct content_chunk *chunk, unsigned side)
{
	uint32_t left = chunk->bytes - chunk->filled[side];

	if (content->side[side].direct && chunk->filled[side] % MEDIUM_ALIGNMENT)
		refuse_direct(&content->side[side]);
	if (!content->side[side].direct)
		return left;
	return (left + MEDIUM_ALIGNMENT - 1) / MEDIUM_ALIGNMENT * MEDIUM_ALIGNMENT;
}

static bool queue_read(struct content *content, struct content_chunk *chunk, unsigned side)
{
	struct ring_tag tag = content->tag;
	uint32_t bytes = bytes_to_read(content, chunk, side);

	tag.part = (uint8_t)((unsigned)(chunk - content->chunk) * CONTENT_SIDES + side);
	if (!content->ring || ring_read(content->ring, tag, content->side[side].fd,
				      chunk->buffer[side] + chunk->filled[side], bytes,
				      chunk->offset + chunk->filled[side]))
		return false;
	content->in_flight++;
	return true;
}

static void read_rest(struct content *content, struct content_chunk *chunk, unsigned side)
{
	ssize_t got;

	do {
		if (queue_read(content, chunk, side))
			return;
		got = source_read_some(content->side[side].fd,
			chunk->buffer[side] + chunk->filled[side],
			bytes_to_read(content, chunk, side), chunk->offset + chunk->filled[side]);
	} while (!take_read(content, chunk, side, got));
}

/* ---- chunks ---- */

/* Where the side has data next, from `position` on. */
static int find_data(struct content *content, unsigned index, uint64_t *ret_start)
{
	struct content_side *side = &content->side[index];
	int error = 0;

	if (!side->sparse || content->position < side->data.start) {
		*ret_start = side->sparse ? side->data.start : content->position;
		return 0;
	}
	if (content->position >= side->data.end)
		error = extent_next(side->fd, content->position, content->end, &side->data);
	*ret_start = side->data.start > content->position ? side->data.start : content->position;
	return error;
}

static uint64_t align_down(uint64_t position)
{
	return position / MEDIUM_ALIGNMENT * MEDIUM_ALIGNMENT;
}

/* Passes over what is a hole in all of them. A checksum is of the zeros, too. */
static int skip_holes(struct content *content, uint64_t ret_start[CONTENT_SIDES])
{
	uint64_t nearest = content->end;

	for (unsigned side = 0; side < CONTENT_SIDES; side++) {
		int error;

		if (!has_side(content, side))
			continue;
		error = find_data(content, side, &ret_start[side]);
		if (error) {
			fail(content, side, error);
			return error;
		}
		if (ret_start[side] < nearest)
			nearest = ret_start[side];
	}
	if (nearest < content->end)
		nearest = align_down(nearest);
	if (!content->sum && nearest > content->position) {
		content->done_bytes += nearest - content->position;
		content->position = nearest;
	}
	return 0;
}

static int take_buffers(struct content *content, struct content_chunk *chunk)
{
	for (unsigned side = 0; side < CONTENT_SIDES; side++) {
		if (!has_side(content, side))
			continue;
		chunk->buffer[side] = buffer_pool_take(content->pool);
		if (!chunk->buffer[side]) {
			chunk_free(content, chunk);
			return -ENOBUFS;
		}
	}
	return 0;
}

static void begin_side(
	struct content *content, struct content_chunk *chunk, unsigned side, uint64_t data_start)
{
	if (!has_side(content, side)) {
		chunk->complete[side] = true;
	} else if (data_start >= chunk->offset + chunk->bytes) {
		memset(chunk->buffer[side], 0, chunk->bytes);
		chunk->filled[side] = chunk->bytes;
		chunk->complete[side] = true;
	} else {
		read_rest(content, chunk, side);
	}
}

/* False: nothing more can be begun now. */
static bool begin_chunk(struct content *content)
{
	uint64_t data_start[CONTENT_SIDES] = {0, 0};
	struct content_chunk *chunk =
		&content->chunk[(content->first + content->count) % CONTENT_WINDOW];

	if (is_over(content) || content->count == CONTENT_WINDOW ||
		content->position >= content->end || skip_holes(content, data_start) ||
		content->position >= content->end)
		return false;
	*chunk = (struct content_chunk){
		.offset = content->position,
		.bytes = TRANSFER_CHUNK_BYTES,
	};
	if (take_buffers(content, chunk))
		return false;
	if (content->end - content->position < chunk->bytes)
		chunk->bytes = (uint32_t)(content->end - content->position);
	content->position += chunk->bytes;
	content->count++;
	for (unsigned side = 0; side < CONTENT_SIDES; side++)
		begin_side(content, chunk, side, data_start[side]);
	consume_complete(content);
	return true;
}

static int progress(const struct content *content)
{
	if (content->in_flight)
		return TRANSFER_PARKED;
	if (content->error)
		return content->error;
	return is_over(content) || content->position >= content->end ? TRANSFER_DONE
								     : TRANSFER_MORE;
}

int content_advance(struct content *content)
{
	uint64_t start = content->done_bytes;
	bool begun;

	do
		begun = begin_chunk(content);
	while (begun && content->done_bytes - start < TRANSFER_SHARE_BYTES);
	return progress(content);
}

int content_complete(struct content *content, unsigned part, int result)
{
	struct content_chunk *chunk = &content->chunk[part / CONTENT_SIDES];
	unsigned side = part % CONTENT_SIDES;

	content->in_flight--;
	if (!take_read(content, chunk, side, result)) {
		if (is_over(content))
			chunk->complete[side] = true;
		else
			read_rest(content, chunk, side);
	}
	consume_complete(content);
	return content_advance(content);
}
