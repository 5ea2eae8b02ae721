/* SPDX-License-Identifier: MIT */
/* Reading a region. words.h says which release each acquire here pairs with. */
#include "progress/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "progress/bell.h"
#include "progress/discover.h"
#include "progress/layout.h"
#include "progress/record.h"
#include "progress/words.h"
#include "util/clock.h"

/* How often in a row a writer may overtake this reader before it is told that there is nothing. The
 * writer rings after what it appends, so the reader comes back. */
#define OVERTAKEN_MAX 64

/* A dead coordinator can't ring, so a sleeping reader looks after it now and then. */
#define LIFE_CHECK_NS 250000000u

#define NS_PER_MS 1000000u

struct reader_lane {
	const struct haul_lane *shared;
	const uint64_t *ring;
	uint64_t position;       /* of the next record */
	uint64_t sequence;       /* that it should have; 0: any */
	struct haul_record next; /* its header, when peeked */
	bool peeked;
};

struct haul_reader {
	const struct haul_header *header;
	bool owns_map;
	int fd;
	struct haul_layout layout;
	uint32_t bell;       /* as it was when haul_reader_wait looked last */
	uint64_t checked_ns; /* when the coordinator was last known to live */
	void *buffer;        /* holds the record that was returned last */
	size_t buffer_bytes;
	struct reader_lane lane[];
};

/* ---- one lane ---- */

enum peek {
	PEEK_RECORD = 0,
	PEEK_NOTHING = 1,
	PEEK_OVERRUN = 2,
};

static uint64_t ring_offset(const struct haul_reader *reader, const struct reader_lane *lane)
{
	return lane->position & (reader->layout.ring_bytes - 1);
}

/* Goes on with the oldest record that is left. The gap in the sequence tells later what was lost.
 */
static int lane_skip_to_tail(struct reader_lane *lane)
{
	uint64_t tail = words_load_tail(lane->shared);

	lane->peeked = false;
	if (tail <= lane->position || tail % WORD_BYTES)
		return -EPROTO;
	lane->position = tail;
	return PEEK_OVERRUN;
}

/* Copies from the lane's position, and tells whether the copy is of any worth. */
static int lane_copy(
	const struct haul_reader *reader, struct reader_lane *lane, void *to, size_t bytes)
{
	words_copy_out(to, lane->ring + ring_offset(reader, lane) / WORD_BYTES, bytes);
	if (words_load_tail(lane->shared) > lane->position)
		return lane_skip_to_tail(lane);
	return PEEK_RECORD;
}

/* Checks a header that was copied whole: such a record must lie between the position and head. */
static int lane_check(const struct haul_reader *reader, const struct reader_lane *lane,
	const struct haul_record *record, uint64_t head)
{
	uint64_t left = reader->layout.ring_bytes - ring_offset(reader, lane);

	if (record->size_bytes % WORD_BYTES || record->size_bytes > left ||
		record->size_bytes > haul_record_bytes_max(reader->layout.ring_bytes) ||
		record->size_bytes > head - lane->position)
		return -EPROTO;
	if (record->type == HAUL_RECORD_PAD)
		return record->size_bytes == left ? PEEK_RECORD : -EPROTO;
	if (record->size_bytes < sizeof(*record) || record->sequence == 0)
		return -EPROTO;
	return lane->sequence && record->sequence < lane->sequence ? -EPROTO : PEEK_RECORD;
}

static int lane_peek_once(const struct haul_reader *reader, struct reader_lane *lane)
{
	uint64_t head = words_load_head(lane->shared);
	uint64_t left = reader->layout.ring_bytes - ring_offset(reader, lane);
	struct haul_record record = {0};
	int result;

	if (head == lane->position)
		return PEEK_NOTHING;
	if (head < lane->position || head % WORD_BYTES || lane->position % WORD_BYTES)
		return -EPROTO;
	if (head - lane->position > reader->layout.ring_bytes)
		return lane_skip_to_tail(lane);
	result = lane_copy(
		reader, lane, &record, left < sizeof(record) ? (size_t)left : sizeof(record));
	if (result != PEEK_RECORD)
		return result;
	result = lane_check(reader, lane, &record, head);
	if (result < 0)
		return result;
	lane->next = record;
	lane->peeked = true;
	return PEEK_RECORD;
}

/* Makes lane->next valid. Returns an enum peek, PEEK_OVERRUN when the writer is too fast now. */
static int lane_peek(const struct haul_reader *reader, struct reader_lane *lane)
{
	int result = PEEK_RECORD;

	for (unsigned overtaken = 0; overtaken < OVERTAKEN_MAX && !lane->peeked;) {
		result = lane_peek_once(reader, lane);
		if (result < 0 || result == PEEK_NOTHING)
			return result;
		if (result == PEEK_OVERRUN) {
			overtaken++;
		} else if (lane->next.type == HAUL_RECORD_PAD) {
			lane->position += lane->next.size_bytes;
			lane->peeked = false;
		}
	}
	return lane->peeked ? PEEK_RECORD : PEEK_OVERRUN;
}

static int buffer_reserve(struct haul_reader *reader, size_t bytes)
{
	void *buffer;

	if (bytes <= reader->buffer_bytes)
		return 0;
	buffer = realloc(reader->buffer, bytes);
	if (!buffer)
		return -ENOMEM;
	reader->buffer = buffer;
	reader->buffer_bytes = bytes;
	return 0;
}

/* Copies the record that was peeked at into the reader's buffer and moves past it. */
static int lane_take(struct haul_reader *reader, struct reader_lane *lane)
{
	size_t bytes = lane->next.size_bytes;
	int result = buffer_reserve(reader, bytes);

	if (result)
		return result;
	result = lane_copy(reader, lane, reader->buffer, bytes);
	if (result != PEEK_RECORD)
		return result;
	/* What was checked stays what was checked, whatever happened to the ring meanwhile. */
	memcpy(reader->buffer, &lane->next, sizeof(lane->next));
	lane->position += bytes;
	lane->sequence = lane->next.sequence + 1;
	lane->peeked = false;
	return PEEK_RECORD;
}

/* ---- all lanes ---- */

/* *ret_lane is NULL when all are read to their end. */
static int find_oldest(struct haul_reader *reader, struct reader_lane **ret_lane)
{
	struct reader_lane *oldest = NULL;

	for (uint32_t i = 0; i < reader->layout.lane_count; i++) {
		struct reader_lane *lane = &reader->lane[i];
		int result = lane->peeked ? PEEK_RECORD : lane_peek(reader, lane);

		if (result < 0)
			return result;
		if (result == PEEK_RECORD && (!oldest || lane->next.time_ns < oldest->next.time_ns))
			oldest = lane;
	}
	*ret_lane = oldest;
	return 0;
}

static uint64_t lane_take_loss(struct reader_lane *lane)
{
	uint64_t lost = lane->sequence ? lane->next.sequence - lane->sequence : 0;

	lane->sequence = lane->next.sequence;
	return lost;
}

int haul_reader_next(struct haul_reader *reader, const struct haul_record **ret_record,
	unsigned *ret_lane, uint64_t *ret_lost)
{
	for (unsigned overtaken = 0; overtaken < OVERTAKEN_MAX;) {
		struct reader_lane *lane;
		const struct haul_record *record;
		uint64_t lost;
		int result = find_oldest(reader, &lane);

		if (result < 0)
			return result;
		if (!lane)
			return HAUL_NEXT_NOTHING;
		lost = lane_take_loss(lane);
		if (lost) {
			if (ret_lane)
				*ret_lane = (unsigned)(lane - reader->lane);
			if (ret_lost)
				*ret_lost = lost;
			return HAUL_NEXT_OVERRUN;
		}
		result = lane_take(reader, lane);
		if (result < 0)
			return result;
		record = reader->buffer;
		if (result == PEEK_OVERRUN) {
			overtaken++;
		} else if (haul_record_known(record)) {
			if (!haul_record_valid(record))
				return -EPROTO;
			if (ret_lane)
				*ret_lane = (unsigned)(lane - reader->lane);
			*ret_record = record;
			return HAUL_NEXT_RECORD;
		}
	}
	return HAUL_NEXT_NOTHING;
}

/* ---- totals and news ---- */

const struct haul_header *haul_reader_header(const struct haul_reader *reader)
{
	return reader->header;
}

static enum haul_state load_state(const struct haul_reader *reader)
{
	/* Pairs with the release in region_set_state. */
	return (enum haul_state)__atomic_load_n(&reader->header->state, __ATOMIC_ACQUIRE);
}

void haul_reader_totals(const struct haul_reader *reader, struct haul_totals *ret_totals)
{
	struct haul_totals totals = {0};

	/* These before the counters: once they are final, so are the counters that follow. */
	totals.state = load_state(reader);
	totals.exit_status = __atomic_load_n(&reader->header->exit_status, __ATOMIC_RELAXED);
	/* Pairs with the release in region_set_planning_done. */
	totals.planning_done =
		__atomic_load_n(&reader->header->planning_done, __ATOMIC_ACQUIRE) == 1;
	for (uint32_t i = 0; i < reader->layout.lane_count; i++)
		for (unsigned c = 0; c < HAUL_COUNTERS; c++)
			totals.counter[c] += __atomic_load_n(
				&reader->lane[i].shared->counter[c], __ATOMIC_RELAXED);
	*ret_totals = totals;
}

/* The coordinator's lock conflicts with the one that is asked about here as long as it lives. */
static int coordinator_lives(const struct haul_reader *reader)
{
	struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};

	if (fcntl(reader->fd, F_OFD_GETLK, &lock))
		return -errno;
	return lock.l_type != F_UNLCK;
}

/* Returns whether the coordinator died early, or -errno. Asks the kernel only now and then. */
static int check_life(struct haul_reader *reader, uint64_t now_ns)
{
	int lives;

	if (reader->checked_ns && now_ns - reader->checked_ns < LIFE_CHECK_NS)
		return 0;
	lives = coordinator_lives(reader);
	if (lives < 0)
		return lives;
	if (lives) {
		reader->checked_ns = now_ns;
		return 0;
	}
	/* It may have ended well between the caller's look at the state and ours at the lock. */
	return load_state(reader) < HAUL_STATE_DONE;
}

static bool take_news(struct haul_reader *reader)
{
	uint32_t bell = bell_count(reader->header);
	bool news = bell != reader->bell;

	reader->bell = bell;
	return news;
}

int haul_reader_wait(struct haul_reader *reader, int timeout_ms)
{
	uint64_t now_ns = clock_monotonic_ns();
	uint64_t end_ns = timeout_ms < 0 ? UINT64_MAX : now_ns + (uint64_t)timeout_ms * NS_PER_MS;

	for (;; now_ns = clock_monotonic_ns()) {
		uint64_t sleep_ns = LIFE_CHECK_NS;
		int result = check_life(reader, now_ns);

		if (result)
			return result < 0 ? result : HAUL_WAIT_GONE;
		if (take_news(reader))
			return HAUL_WAIT_NEWS;
		if (now_ns >= end_ns || load_state(reader) >= HAUL_STATE_DONE)
			return HAUL_WAIT_TIMEOUT;
		if (end_ns - now_ns < sleep_ns)
			sleep_ns = end_ns - now_ns;
		result = futex_wait(&reader->header->bell, reader->bell, sleep_ns);
		if (result && result != -EAGAIN && result != -ETIMEDOUT)
			return result;
	}
}

/* ---- opening ---- */

/* Whoever can shorten the file can kill this process; progress.h says who is trusted with that. */
static int check_owner(int fd)
{
	const int sealed = F_SEAL_SHRINK | F_SEAL_SEAL;
	struct stat status;
	int seals = fcntl(fd, F_GET_SEALS);

	if (seals >= 0 && (seals & sealed) == sealed)
		return 0;
	if (fstat(fd, &status))
		return -errno;
	if (status.st_mode & 022)
		return -EPERM;
	return status.st_uid == geteuid() || status.st_uid == 0 ? 0 : -EPERM;
}

static void start_lanes(struct haul_reader *reader)
{
	for (uint32_t i = 0; i < reader->layout.lane_count; i++) {
		struct reader_lane *lane = &reader->lane[i];

		lane->shared = haul_layout_lane(&reader->layout, reader->header, i);
		lane->ring = haul_lane_ring(lane->shared);
		lane->position = words_load_tail(lane->shared);
		/* From the first look on, every gap is a loss. What is wrong here shows again when
		 * the lane is read. */
		if (lane->position == 0)
			lane->sequence = 1;
		else if (lane_peek(reader, lane) == PEEK_RECORD)
			lane->sequence = lane->next.sequence;
	}
}

/* Takes over fd, on failure too. Maps the file if `map` is NULL. */
static int open_region(int fd, const struct haul_header *map, struct haul_reader **ret_reader)
{
	struct haul_reader *reader = NULL;
	struct haul_layout layout;
	uint32_t abi_version;
	int error = haul_layout_read(fd, &layout, &abi_version);

	if (!error)
		error = check_owner(fd);
	if (error)
		goto fail;
	error = -ENOMEM;
	reader = calloc(1, sizeof(*reader) + layout.lane_count * sizeof(reader->lane[0]));
	if (!reader)
		goto fail;
	reader->fd = fd;
	reader->layout = layout;
	reader->owns_map = !map;
	reader->header = map ? map : mmap(NULL, layout.region_bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (reader->header == MAP_FAILED) {
		error = -errno;
		goto fail;
	}
	reader->bell = bell_count(reader->header);
	start_lanes(reader);
	*ret_reader = reader;
	return 0;
fail:
	free(reader);
	close(fd);
	return error;
}

static int open_path(const char *path, struct haul_reader **ret_reader)
{
	/* A FIFO of that name must not keep us waiting. */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	return fd < 0 ? -errno : open_region(fd, NULL, ret_reader);
}

static int open_job_file(unsigned index, const char *file)
{
	char path[PATH_MAX];
	int directory, fd;
	int error = haul_directory_path(index, path, sizeof(path));

	if (error)
		return error;
	directory = haul_directory_open(path, false);
	if (directory < 0)
		return directory;
	fd = openat(directory, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	close(directory);
	return fd;
}

int haul_reader_open(const char *name, struct haul_reader **ret_reader)
{
	char file[HAUL_FILE_BYTES];

	if (strchr(name, '/'))
		return open_path(name, ret_reader);
	if (!haul_job_name_valid(name))
		return -EINVAL;
	haul_job_file(name, file);
	for (unsigned i = 0; i < HAUL_DIRECTORIES; i++) {
		int fd = open_job_file(i, file);

		if (fd >= 0)
			return open_region(fd, NULL, ret_reader);
	}
	return -ENOENT;
}

int haul_reader_open_fd(int fd, struct haul_reader **ret_reader)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	return own < 0 ? -errno : open_region(own, NULL, ret_reader);
}

int haul_reader_open_map(int fd, const struct haul_header *map, struct haul_reader **ret_reader)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	return own < 0 ? -errno : open_region(own, map, ret_reader);
}

void haul_reader_close(struct haul_reader *reader)
{
	if (!reader)
		return;
	if (reader->owns_map)
		munmap((void *)reader->header, reader->layout.region_bytes);
	close(reader->fd);
	free(reader->buffer);
	free(reader);
}
