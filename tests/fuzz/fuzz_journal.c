/* SPDX-License-Identifier: MIT */
/*
 * Journals. With an odd first byte, the checksums are put right, as somebody could who may write to
 * the file, so that what they would refuse is looked at, too. Whatever the file holds, it is
 * refused, or what it claims is bounded by it.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "job/journal.h"
#include "job/journal_record.h"
#include "job/past.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void put_right(uint8_t *data, size_t bytes)
{
	uint64_t chain = 0;
	size_t offset = 0;

	while (bytes - offset >= sizeof(struct journal_record)) {
		struct journal_record *record = (void *)(data + offset);
		size_t padded = journal_padded(record->bytes);

		if (record->bytes < sizeof(*record) || padded > bytes - offset)
			return;
		record->checksum = 0;
		chain = journal_checksum(chain, record);
		record->checksum = chain;
		offset += padded;
	}
}

static const char *write_file(const uint8_t *data, size_t bytes)
{
	static char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/shm/fuzz_journal.%d", (int)getpid());
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, data, bytes) != (ssize_t)bytes)
		abort();
	close(fd);
	return path;
}

static void check(const struct past *past, size_t bytes)
{
	unsigned count = 0;

	if (past->good_bytes > bytes || past->run_count > PAST_RUNS_MAX || !past->job ||
		!past->directory)
		abort();
	while (past->argument[count])
		count++;
	if (count != past->argument_count || past->files.count * sizeof(struct fingerprint) > bytes)
		abort();
	for (const struct past_large *large = past->larges; large; large = large->next)
		if (past_find_large(past, large->file) == NULL ||
			past_has_part(large, large->part_count))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	const char *path;
	struct past past;
	uint8_t *copy;

	if (!bytes--)
		return 0;
	copy = malloc(bytes + 8);
	if (!copy)
		return 0;
	memcpy(copy, data + 1, bytes);
	if (data[0] & 1)
		put_right(copy, bytes);
	path = write_file(copy, bytes);
	if (!past_open(path, &past)) {
		check(&past, bytes);
		past_close(&past);
	}
	unlink(path);
	free(copy);
	return 0;
}
