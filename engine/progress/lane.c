/* SPDX-License-Identifier: MIT */
/* Appending to a lane: the writer's half of the ring. words.h says what pairs with what. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "progress/bell.h"
#include "progress/region.h"
#include "progress/words.h"

#define RING_INTERVAL_NS 1000000u
#define FILE_PARTS       5u

/* When the ring is full, this much of it is given up at once: a reader that begins at the oldest
 * record has that long to copy it, and the tail's cache line changes hands that much less often. */
#define SLACK_SHARE 16u

static uint64_t *place(const struct lane *lane, uint64_t position)
{
	return &lane->ring[(position & (lane->ring_bytes - 1)) / WORD_BYTES];
}

/* The end of the record at `position`; 0 if there is no whole record, which only a writer that ran
 * wild can bring about. */
static uint64_t record_end(
	const struct lane *lane, uint64_t position, uint64_t head, struct haul_record *ret_record)
{
	uint64_t left = lane->ring_bytes - (position & (lane->ring_bytes - 1));
	size_t bytes = left < sizeof(*ret_record) ? (size_t)left : sizeof(*ret_record);

	words_copy_out(ret_record, place(lane, position), bytes);
	if (ret_record->size_bytes < WORD_BYTES || ret_record->size_bytes % WORD_BYTES ||
		ret_record->size_bytes > left || ret_record->size_bytes > head - position)
		return 0;
	return position + ret_record->size_bytes;
}

/* Continues the sequence after the newest record, which is still there in a full ring, too. A
 * writer that was killed between the sequence and the head left a sequence that belongs to no
 * record. */
static void recover(struct lane *lane)
{
	struct haul_lane *shared = lane->shared;
	uint64_t head = words_load_head(shared);
	uint64_t position = words_load_tail(shared);
	struct haul_record record = {0};

	if (head == 0)
		shared->sequence = 0;

	if (head % WORD_BYTES || position % WORD_BYTES || head - position > lane->ring_bytes) {
		words_store_tail(shared, words_round_up(head));
		words_store_head(shared, words_round_up(head));
		return;
	}
	while (position < head) {
		position = record_end(lane, position, head, &record);
		if (!position) {
			words_store_tail(shared, head);
			return;
		}
		if (record.type != HAUL_RECORD_PAD)
			shared->sequence = record.sequence;
	}
}

int lane_open(
	const struct region *region, unsigned index, enum haul_role role, struct lane *ret_lane)
{
	const struct haul_header *header = region->header;
	char *shared = (char *)region->header + HAUL_PAGE_BYTES;

	if (index >= header->lane_count)
		return -EINVAL;
	shared += (uint64_t)index * header->lane_stride_bytes;
	*ret_lane = (struct lane){
		.header = region->header,
		.shared = (struct haul_lane *)shared,
		.ring = (uint64_t *)(shared + HAUL_PAGE_BYTES),
		.ring_bytes = header->ring_bytes,
	};
	recover(ret_lane);
	__atomic_store_n(&ret_lane->shared->role, role, __ATOMIC_RELAXED);
	__atomic_store_n(&ret_lane->shared->writer_pid, (int32_t)getpid(), __ATOMIC_RELAXED);
	return 0;
}

void lane_add(struct lane *lane, enum haul_counter counter, uint64_t amount)
{
	uint64_t *shared = &lane->shared->counter[counter];

	/* One writer, so no locked addition is needed. */
	__atomic_store_n(
		shared, __atomic_load_n(shared, __ATOMIC_RELAXED) + amount, __ATOMIC_RELAXED);
	lane->unrung = true;
}

void lane_reset_counter(struct lane *lane, enum haul_counter counter, uint64_t value)
{
	__atomic_store_n(&lane->shared->counter[counter], value, __ATOMIC_RELAXED);
	lane->unrung = true;
}

/* Moves the tail so that `bytes` fit behind the head. */
static void make_room(struct lane *lane, uint64_t head, uint64_t bytes)
{
	uint64_t tail = __atomic_load_n(&lane->shared->tail, __ATOMIC_RELAXED);
	struct haul_record record = {0};
	uint64_t target;

	if (head + bytes - tail <= lane->ring_bytes)
		return;
	target = head + bytes + lane->ring_bytes / SLACK_SHARE - lane->ring_bytes;
	while (tail < target) {
		tail = record_end(lane, tail, head, &record);
		if (!tail)
			tail = head;
	}
	words_store_tail(lane->shared, tail);
}

/* Where the next bytes of a record go, with what does not fill a word yet. */
struct cursor {
	uint64_t *at;
	char word[WORD_BYTES];
	size_t used;
};

static void cursor_flush(struct cursor *cursor)
{
	uint64_t word;

	memcpy(&word, cursor->word, WORD_BYTES);
	words_store(cursor->at++, word);
	cursor->used = 0;
}

static void cursor_put(struct cursor *cursor, const void *data, size_t bytes)
{
	const char *from = data;

	if (!bytes)
		return;
	if (cursor->used) {
		size_t room = WORD_BYTES - cursor->used;
		size_t first = bytes < room ? bytes : room;

		memcpy(cursor->word + cursor->used, from, first);
		cursor->used += first;
		from += first;
		bytes -= first;
		if (cursor->used < WORD_BYTES)
			return;
		cursor_flush(cursor);
	}
	for (; bytes >= WORD_BYTES; bytes -= WORD_BYTES, from += WORD_BYTES) {
		uint64_t word;

		memcpy(&word, from, WORD_BYTES);
		words_store(cursor->at++, word);
	}
	memcpy(cursor->word, from, bytes);
	cursor->used = bytes;
}

static void cursor_end(struct cursor *cursor)
{
	if (!cursor->used)
		return;
	memset(cursor->word + cursor->used, 0, WORD_BYTES - cursor->used);
	cursor_flush(cursor);
}

static void put_pad(struct lane *lane, uint64_t head, uint64_t bytes)
{
	struct haul_record pad = {.size_bytes = (uint32_t)bytes, .type = HAUL_RECORD_PAD};
	struct cursor cursor = {.at = place(lane, head)};

	cursor_put(&cursor, &pad, bytes < sizeof(pad) ? (size_t)bytes : sizeof(pad));
}

static void put_record(struct lane *lane, uint64_t head, const struct haul_record *record,
	const struct iovec *part, unsigned part_count)
{
	struct cursor cursor = {.at = place(lane, head)};

	cursor_put(&cursor, record, sizeof(*record));
	for (unsigned i = 0; i < part_count; i++)
		cursor_put(&cursor, part[i].iov_base, part[i].iov_len);
	cursor_end(&cursor);
}

static uint64_t payload_bytes(const struct iovec *part, unsigned part_count)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < part_count; i++)
		bytes += part[i].iov_len;
	return bytes;
}

int lane_append(struct lane *lane, enum haul_record_type type, uint64_t time_ns,
	const struct iovec *part, unsigned part_count)
{
	uint64_t payload = payload_bytes(part, part_count);
	uint64_t head = __atomic_load_n(&lane->shared->head, __ATOMIC_RELAXED);
	uint64_t left = lane->ring_bytes - (head & (lane->ring_bytes - 1));
	struct haul_record record = {.type = (uint16_t)type, .time_ns = time_ns};
	uint64_t pad;

	if (payload > lane->ring_bytes / 4)
		return -EMSGSIZE;
	record.size_bytes = (uint32_t)words_round_up(sizeof(record) + payload);
	record.sequence = lane->shared->sequence + 1;
	pad = record.size_bytes > left ? left : 0;
	make_room(lane, head, pad + record.size_bytes);
	if (pad)
		put_pad(lane, head, pad);
	put_record(lane, head + pad, &record, part, part_count);
	lane->shared->sequence = record.sequence;
	words_store_head(lane->shared, head + pad + record.size_bytes);
	lane->unrung = true;
	return 0;
}

/* ---- files ---- */

static struct iovec iovec_of(const void *data, size_t bytes)
{
	return (struct iovec){.iov_base = (void *)data, .iov_len = bytes};
}

/* Drops `cut` bytes from the front of a path in three parts. */
static void cut_path(struct iovec part[3], size_t cut)
{
	for (unsigned i = 0; i < 3 && cut; i++) {
		size_t bytes = cut < part[i].iov_len ? cut : part[i].iov_len;

		part[i].iov_base = (char *)part[i].iov_base + bytes;
		part[i].iov_len -= bytes;
		cut -= bytes;
	}
}

static bool needs_slash(const struct lane_file *file)
{
	return file->directory_bytes && file->directory[file->directory_bytes - 1] != '/';
}

void lane_file(struct lane *lane, enum haul_record_type type, uint64_t time_ns,
	const struct lane_file *file)
{
	/* A path, a message and the fixed part are within a quarter of the ring together. */
	uint64_t share = lane->ring_bytes / 8 - sizeof(struct haul_file);
	size_t limit = share < UINT16_MAX ? (size_t)share : UINT16_MAX;
	size_t message_bytes = file->message ? strnlen(file->message, limit) : 0;
	struct haul_file body = {.bytes = file->bytes, .error = file->error};
	struct iovec part[FILE_PARTS] = {
		iovec_of(&body, sizeof(body)),
		iovec_of(file->directory, file->directory_bytes),
		iovec_of("/", needs_slash(file) ? 1 : 0),
		iovec_of(file->name, file->name_bytes),
		iovec_of(file->message, message_bytes),
	};
	uint64_t path_bytes = payload_bytes(&part[1], 3);

	if (path_bytes > limit) {
		cut_path(&part[1], (size_t)(path_bytes - limit));
		path_bytes = limit;
	}
	body.path_bytes = (uint16_t)path_bytes;
	body.message_bytes = (uint16_t)message_bytes;
	(void)lane_append(lane, type, time_ns, part, FILE_PARTS);
}

void lane_ring(struct lane *lane, uint64_t now_ns, bool force)
{
	if (!lane->unrung || (!force && now_ns - lane->rung_ns < RING_INTERVAL_NS))
		return;
	lane->rung_ns = now_ns;
	lane->unrung = false;
	bell_ring(lane->header);
}
