/* SPDX-License-Identifier: MIT */
#include "job/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "job/past.h"

/* A record of 64 files is a little over 1 KiB. */
#define FLUSH_BYTES (64u << 10)

uint64_t journal_checksum(uint64_t previous, const struct journal_record *record)
{
	return XXH3_64bits_withSeed(record, journal_padded(record->bytes), previous);
}

static int lock_file(int fd)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (!fcntl(fd, F_OFD_SETLK, &lock))
		return 0;
	return errno == EAGAIN || errno == EACCES ? -EBUSY : -errno;
}

/* What somebody else may write to could make us do anything. */
static int check_file(int fd)
{
	char begin[sizeof(struct journal_record) + sizeof(JOURNAL_MAGIC)];
	struct stat status;
	ssize_t got;

	if (fstat(fd, &status))
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EEXIST;
	if (status.st_uid != geteuid() || status.st_mode & (S_IWGRP | S_IWOTH))
		return -EPERM;
	got = pread(fd, begin, sizeof(begin), 0);
	if (got < 0)
		return -errno;
	if (!got || (got == sizeof(begin) && !memcmp(begin + sizeof(struct journal_record),
						     JOURNAL_MAGIC, sizeof(JOURNAL_MAGIC))))
		return 0;
	return -EEXIST;
}

int journal_open_file(const char *path, bool create, int *ret_fd)
{
	int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | (create ? O_CREAT : 0);
	int fd = open(path, flags, 0600);
	int error;

	if (fd < 0)
		return -errno;
	error = lock_file(fd);
	if (!error)
		error = check_file(fd);
	if (error)
		close(fd);
	else
		*ret_fd = fd;
	return error;
}

static int write_all(int fd, const uint8_t *data, size_t bytes, uint64_t offset)
{
	while (bytes) {
		ssize_t put = pwrite(fd, data, bytes, (off_t)offset);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put ? -errno : -EIO;
		data += put;
		offset += (uint64_t)put;
		bytes -= (size_t)put;
	}
	return 0;
}

int journal_flush(struct journal *journal)
{
	int error = write_all(
		journal->fd, journal->buffer, journal->used, journal->bytes - journal->used);

	if (!error)
		journal->used = 0;
	return error;
}

static int reserve(struct journal *journal, size_t bytes)
{
	size_t capacity = journal->capacity ? journal->capacity : 2 * FLUSH_BYTES;
	uint8_t *grown;

	while (capacity < journal->used + bytes)
		capacity *= 2;
	if (capacity == journal->capacity)
		return 0;
	grown = realloc(journal->buffer, capacity);
	if (!grown)
		return -ENOMEM;
	journal->buffer = grown;
	journal->capacity = capacity;
	return 0;
}

/* Room for a record's payload, behind what the buffer holds. */
static int begin_record(struct journal *journal, enum journal_type type, size_t payload,
	struct journal_record **ret)
{
	size_t bytes = sizeof(struct journal_record) + payload;
	int error;

	if (bytes > JOURNAL_RECORD_BYTES_MAX)
		return -E2BIG;
	error = reserve(journal, journal_padded(bytes));
	if (error)
		return error;
	*ret = (struct journal_record *)(journal->buffer + journal->used);
	memset(*ret, 0, journal_padded(bytes));
	(*ret)->bytes = (uint32_t)bytes;
	(*ret)->type = type;
	return 0;
}

static int end_record(struct journal *journal, struct journal_record *record)
{
	record->checksum = journal_checksum(journal->chain, record);
	journal->chain = record->checksum;
	journal->used += journal_padded(record->bytes);
	journal->bytes += journal_padded(record->bytes);
	return journal->used >= FLUSH_BYTES ? journal_flush(journal) : 0;
}

static int add(
	struct journal *journal, enum journal_type type, const void *payload, size_t payload_bytes)
{
	struct journal_record *record;
	int error = begin_record(journal, type, payload_bytes, &record);

	if (error)
		return error;
	memcpy(record + 1, payload, payload_bytes);
	return end_record(journal, record);
}

static char *put_text(char *at, const char *text)
{
	return stpcpy(at, text) + 1;
}

static int add_story(struct journal *journal, const struct journal_story *story)
{
	size_t bytes = sizeof(struct journal_begin) + strlen(story->job) +
		       strlen(story->directory) + strlen(story->command) + 3;
	struct journal_record *record;
	struct journal_begin *begin;
	char *at;
	int error;

	for (unsigned i = 0; i < story->argument_count; i++)
		bytes += strlen(story->argument[i]) + 1;
	error = begin_record(journal, JOURNAL_BEGIN, bytes, &record);
	if (error)
		return error;
	begin = (struct journal_begin *)(record + 1);
	*begin = (struct journal_begin){
		.magic = JOURNAL_MAGIC,
		.version = JOURNAL_VERSION,
		.umask = story->umask,
		.salt = story->salt,
		.run = story->run,
		.started_ns = story->started_ns,
		.into_directory = story->into_directory,
		.argument_count = story->argument_count + 1,
	};
	at = put_text(put_text((char *)(begin + 1), story->job), story->directory);
	at = put_text(at, story->command);
	for (unsigned i = 0; i < story->argument_count; i++)
		at = put_text(at, story->argument[i]);
	return end_record(journal, record);
}

int journal_begin(
	struct journal *journal, int fd, const char *path, const struct journal_story *story)
{
	int error = 0;

	*journal = (struct journal){.fd = fd, .path = strdup(path)};
	if (!journal->path)
		error = -ENOMEM;
	else if (ftruncate(fd, 0))
		error = -errno;
	if (!error)
		error = add_story(journal, story);
	if (!error)
		error = journal_flush(journal);
	if (error)
		journal_close(journal);
	return error;
}

int journal_continue(struct journal *journal, struct past *past, uint64_t run)
{
	struct journal_resumed resumed = {.run = run};
	int error;

	*journal = (struct journal){
		.fd = past->fd,
		.path = past->path,
		.chain = past->chain,
		.bytes = past->good_bytes,
	};
	past->fd = JOURNAL_NO_FD;
	past->path = NULL;
	error = ftruncate(journal->fd, (off_t)journal->bytes) ? -errno : 0;
	if (!error)
		error = add(journal, JOURNAL_RESUMED, &resumed, sizeof(resumed));
	if (!error)
		error = journal_flush(journal);
	if (error)
		journal_close(journal);
	return error;
}

int journal_add_files(struct journal *journal, const struct fingerprint *file, size_t count)
{
	return add(journal, JOURNAL_FILES, file, count * sizeof(*file));
}

int journal_add_range(struct journal *journal, const struct journal_range *range)
{
	return add(journal, JOURNAL_RANGE, range, sizeof(*range));
}

int journal_add_moved(struct journal *journal, struct fingerprint source)
{
	return add(journal, JOURNAL_MOVED, &source, sizeof(source));
}

int journal_add_footing(struct journal *journal, const struct journal_footing *footing)
{
	return add(journal, JOURNAL_FOOTING, footing, sizeof(*footing));
}

int journal_add_checkpoint(struct journal *journal, uint64_t covered_bytes, int64_t began_ns)
{
	struct journal_checkpoint checkpoint = {covered_bytes, began_ns};
	int error = add(journal, JOURNAL_CHECKPOINT, &checkpoint, sizeof(checkpoint));

	return error ? error : journal_flush(journal);
}

void journal_close(struct journal *journal)
{
	if (journal->fd >= 0)
		close(journal->fd);
	free(journal->path);
	free(journal->buffer);
	*journal = (struct journal){.fd = JOURNAL_NO_FD};
}

void journal_remove(struct journal *journal)
{
	/* One that stays is found done by the next resume. */
	if (journal->fd >= 0)
		(void)unlink(journal->path);
	journal_close(journal);
}
