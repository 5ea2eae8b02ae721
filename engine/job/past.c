/* SPDX-License-Identifier: MIT */
#include "job/past.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "job/journal.h"

/* Of larger files, what lies beyond 16 PiB is not remembered: a part that a damaged journal makes
 * up must not take gigabytes of memory. */
#define PARTS_MAX (UINT64_C(1) << 28)

/* Reading from a position on. */
struct cursor {
	int fd;
	uint64_t offset;
	uint64_t chain;
	struct journal_record *record; /* the last that was read */
	size_t capacity;
};

static int read_at(int fd, void *data, size_t bytes, uint64_t offset)
{
	size_t done = 0;

	while (done < bytes) {
		ssize_t got = pread(fd, (char *)data + done, bytes - done, (off_t)(offset + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? -errno : -ENODATA;
		done += (size_t)got;
	}
	return 0;
}

static int cursor_reserve(struct cursor *cursor, size_t bytes)
{
	struct journal_record *grown;

	if (bytes <= cursor->capacity)
		return 0;
	grown = realloc(cursor->record, bytes);
	if (!grown)
		return -ENOMEM;
	cursor->record = grown;
	cursor->capacity = bytes;
	return 0;
}

/* 0; -ENODATA where the journal ends, or isn't sound from here on; -errno. */
static int cursor_next(struct cursor *cursor)
{
	struct journal_record head;
	uint64_t told;
	int error = read_at(cursor->fd, &head, sizeof(head), cursor->offset);

	if (error)
		return error;
	if (head.bytes < sizeof(head) || head.bytes > JOURNAL_RECORD_BYTES_MAX)
		return -ENODATA;
	error = cursor_reserve(cursor, journal_padded(head.bytes));
	if (!error)
		error = read_at(
			cursor->fd, cursor->record, journal_padded(head.bytes), cursor->offset);
	if (error)
		return error;
	/* A record has at least its head, so there is room for one by now. */
	assert(cursor->record);
	told = head.checksum;
	cursor->record->checksum = 0;
	if (head.bytes != cursor->record->bytes ||
		journal_checksum(cursor->chain, cursor->record) != told)
		return -ENODATA;
	cursor->chain = told;
	cursor->offset += journal_padded(head.bytes);
	return 0;
}

static size_t payload_bytes(const struct cursor *cursor)
{
	return cursor->record->bytes - sizeof(struct journal_record);
}

static const void *payload(const struct cursor *cursor)
{
	return cursor->record + 1;
}

/* ---- how it began ---- */

static const char *take_text(const char **at, const char *end)
{
	const char *text = *at;
	const char *nul = memchr(text, '\0', (size_t)(end - text));

	if (!nul)
		return NULL;
	*at = nul + 1;
	return text;
}

static int take_arguments(struct past *past, const char *at, const char *end)
{
	past->argument = calloc((size_t)past->argument_count + 1, sizeof(char *));
	if (!past->argument)
		return -ENOMEM;
	for (unsigned i = 0; i < past->argument_count; i++) {
		const char *text = take_text(&at, end);

		if (!text)
			return -EBADMSG;
		past->argument[i] = strdup(text);
		if (!past->argument[i])
			return -ENOMEM;
	}
	return 0;
}

static int take_story(struct past *past, const struct journal_begin *begin, size_t bytes)
{
	const char *at = (const char *)(begin + 1), *end = (const char *)begin + bytes;
	const char *job = take_text(&at, end);
	const char *directory = job ? take_text(&at, end) : NULL;

	if (!directory || begin->argument_count > bytes)
		return -EBADMSG;
	past->umask = begin->umask;
	past->into_directory = begin->into_directory;
	past->salt = begin->salt;
	past->started_ns = begin->started_ns;
	past->run[0] = begin->run;
	past->run_count = 1;
	past->argument_count = begin->argument_count;
	past->job = strdup(job);
	past->directory = strdup(directory);
	if (!past->job || !past->directory)
		return -ENOMEM;
	return take_arguments(past, at, end);
}

static int read_story(struct past *past, struct cursor *cursor)
{
	const struct journal_begin *begin;
	int error = cursor_next(cursor);

	if (error)
		return error == -ENODATA ? -EBADMSG : error;
	begin = payload(cursor);
	if (cursor->record->type != JOURNAL_BEGIN || payload_bytes(cursor) < sizeof(*begin))
		return -EBADMSG;
	if (begin->version != JOURNAL_VERSION)
		return -EPROTONOSUPPORT;
	return take_story(past, begin, payload_bytes(cursor));
}

/* ---- what is durable ---- */

const struct past_large *past_find_large(const struct past *past, struct fingerprint file)
{
	const struct past_large *large = past->larges;

	while (large && (large->file.low != file.low || large->file.high != file.high))
		large = large->next;
	return large;
}

bool past_has_part(const struct past_large *large, uint64_t part)
{
	return part < large->part_count && large->part[part / 8] & 1u << part % 8;
}

static struct past_large **find_large(struct past *past, struct fingerprint file)
{
	struct past_large **at = &past->larges;

	while (*at && ((*at)->file.low != file.low || (*at)->file.high != file.high))
		at = &(*at)->next;
	return at;
}

static void forget_large(struct past *past, struct fingerprint file)
{
	struct past_large **at = find_large(past, file);
	struct past_large *large = *at;

	if (!large)
		return;
	*at = large->next;
	free(large->part);
	free(large);
}

static int take_files(struct past *past, const struct cursor *cursor)
{
	const struct fingerprint *file = payload(cursor);
	size_t count = payload_bytes(cursor) / sizeof(*file);
	int error = 0;

	for (size_t i = 0; i < count && !error; i++) {
		error = fingerprint_set_add(&past->files, file[i]);
		if (past->larges)
			forget_large(past, file[i]);
	}
	return error;
}

static int set_part(struct past_large *large, uint64_t part)
{
	uint64_t count = large->part_count ? large->part_count : 64;
	uint8_t *grown;

	while (count <= part)
		count *= 2;
	if (count > large->part_count) {
		grown = realloc(large->part, count / 8);
		if (!grown)
			return -ENOMEM;
		memset(grown + large->part_count / 8, 0, (count - large->part_count) / 8);
		large->part = grown;
		large->part_count = count;
	}
	large->part[part / 8] |= (uint8_t)(1u << part % 8);
	return 0;
}

static struct past_large *add_large(struct past *past, const struct journal_range *range)
{
	struct past_large *large = calloc(1, sizeof(*large));

	if (!large)
		return NULL;
	large->file = range->file;
	large->run = range->run;
	large->next = past->larges;
	past->larges = large;
	return large;
}

static int take_range(struct past *past, const struct cursor *cursor)
{
	const struct journal_range *range = payload(cursor);
	struct past_large *large;

	if (payload_bytes(cursor) < sizeof(*range) || range->offset % PAST_RANGE_BYTES ||
		range->offset / PAST_RANGE_BYTES >= PARTS_MAX)
		return 0;
	/* A temporary file that was begun anew has nothing of the one before. */
	large = *find_large(past, range->file);
	if (large && large->run != range->run) {
		forget_large(past, range->file);
		large = NULL;
	}
	if (!large)
		large = add_large(past, range);
	if (!large)
		return -ENOMEM;
	return set_part(large, range->offset / PAST_RANGE_BYTES);
}

static int take_durable(struct past *past, const struct cursor *cursor)
{
	switch (cursor->record->type) {
	case JOURNAL_FILES:
		return take_files(past, cursor);
	case JOURNAL_RANGE:
		return take_range(past, cursor);
	default:
		return 0;
	}
}

/* The records between two positions are durable. They were sound a moment ago. */
static int take_covered(
	struct past *past, uint64_t offset, uint64_t chain, uint64_t end, uint64_t *ret_chain)
{
	struct cursor cursor = {.fd = past->fd, .offset = offset, .chain = chain};
	int error = 0;

	while (!error && cursor.offset < end) {
		error = cursor_next(&cursor);
		if (!error)
			error = take_durable(past, &cursor);
	}
	free(cursor.record);
	*ret_chain = cursor.chain;
	return error == -ENODATA ? -EIO : error;
}

/* Records that no checkpoint has covered yet begin at a position, with the checksum before it. */
struct pending {
	uint64_t offset;
	uint64_t chain;
};

static int take_checkpoint(struct past *past, struct pending *pending, const struct cursor *cursor)
{
	const struct journal_checkpoint *checkpoint = payload(cursor);
	int error;

	if (payload_bytes(cursor) < sizeof(*checkpoint) ||
		checkpoint->covered_bytes > cursor->offset)
		return 0;
	/* What a resume has declared void stays so. */
	if (checkpoint->covered_bytes < pending->offset)
		return 0;
	error = take_covered(
		past, pending->offset, pending->chain, checkpoint->covered_bytes, &pending->chain);
	pending->offset = checkpoint->covered_bytes;
	past->durable_ns = checkpoint->began_ns;
	return error;
}

/* Of very many runs the first are forgotten: they may leave a file with a temporary name. */
static void add_run(struct past *past, const struct cursor *cursor)
{
	const struct journal_resumed *resumed = payload(cursor);

	if (payload_bytes(cursor) < sizeof(*resumed))
		return;
	memmove(past->run + 1, past->run, sizeof(past->run) - sizeof(past->run[0]));
	past->run[0] = resumed->run;
	past->run_count += past->run_count < PAST_RUNS_MAX;
}

static int take_moved(struct past *past, const struct cursor *cursor)
{
	const struct fingerprint *source = payload(cursor);

	return payload_bytes(cursor) < sizeof(*source) ? 0
						       : fingerprint_set_add(&past->moved, *source);
}

static int take_footing(struct past *past, const struct cursor *cursor)
{
	struct journal_footing *footing, *grown;

	if (payload_bytes(cursor) < sizeof(*footing))
		return 0;
	grown = reallocarray(past->footing, past->footing_count + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	past->footing = grown;
	footing = &grown[past->footing_count++];
	memcpy(footing, payload(cursor), sizeof(*footing));
	footing->uuid[sizeof(footing->uuid) - 1] = '\0';
	return 0;
}

static int read_records(struct past *past, struct cursor *cursor)
{
	struct pending pending = {cursor->offset, cursor->chain};
	int error;

	while (!(error = cursor_next(cursor))) {
		if (cursor->record->type == JOURNAL_RESUMED) {
			pending = (struct pending){cursor->offset, cursor->chain};
			add_run(past, cursor);
		}
		if (cursor->record->type == JOURNAL_CHECKPOINT)
			error = take_checkpoint(past, &pending, cursor);
		if (cursor->record->type == JOURNAL_MOVED)
			error = take_moved(past, cursor);
		if (cursor->record->type == JOURNAL_FOOTING)
			error = take_footing(past, cursor);
		if (error)
			return error;
	}
	past->good_bytes = cursor->offset;
	past->chain = cursor->chain;
	return error == -ENODATA ? 0 : error;
}

int past_open(const char *path, struct past *ret_past)
{
	int fd, error = journal_open_file(path, false, &fd);

	return error ? error : past_read(fd, path, ret_past);
}

int past_read(int fd, const char *path, struct past *ret_past)
{
	struct past past = {.fd = fd, .path = realpath(path, NULL)};
	struct cursor cursor = {.fd = fd};
	int error = past.path ? 0 : -errno;

	if (!error)
		error = read_story(&past, &cursor);
	if (!error)
		error = read_records(&past, &cursor);
	free(cursor.record);
	if (error)
		past_close(&past);
	else
		*ret_past = past;
	return error;
}

void past_close(struct past *past)
{
	while (past->larges)
		forget_large(past, past->larges->file);
	for (unsigned i = 0; past->argument && i < past->argument_count; i++)
		free(past->argument[i]);
	free(past->argument);
	free(past->footing);
	free(past->directory);
	free(past->job);
	free(past->path);
	fingerprint_set_free(&past->files);
	fingerprint_set_free(&past->moved);
	if (past->fd >= 0)
		close(past->fd);
	*past = (struct past){.fd = JOURNAL_NO_FD};
}
