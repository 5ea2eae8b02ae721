/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "job/journal.h"
#include "job/past.h"

#define JOURNAL_BYTES_MAX 8192
#define RUN               77u

/* What the journal of the tests says: the first two files and the first range are durable. */
static const struct fingerprint files[] = {{1, 10}, {2, 20}, {3, 30}};
static const struct fingerprint large = {9, 90};
static char *arguments[] = {"-a", "from here", "to"};

static const struct journal_story story = {
	.job = "nightly",
	.directory = "/somewhere",
	.command = "cp",
	.argument = arguments,
	.argument_count = 3,
	.umask = 022,
	.into_directory = true,
	.salt = 5,
	.run = RUN,
	.started_ns = 1000,
};

struct sample {
	char path[64];
	uint8_t data[JOURNAL_BYTES_MAX];
	size_t bytes;
	uint64_t covered_bytes; /* up to here must be sound for anything to be durable */
};

static void write_file(const char *path, const void *data, size_t bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, bytes), (ssize_t)bytes);
	close(fd);
}

static size_t read_file(const char *path, void *ret_data, size_t capacity)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	assert_true(fd >= 0);
	got = read(fd, ret_data, capacity);
	assert_in_range(got, 1, capacity - 1);
	close(fd);
	return (size_t)got;
}

static void add_range(struct journal *journal, uint64_t part, uint64_t run)
{
	struct journal_range range = {
		.file = large,
		.run = run,
		.offset = part * PAST_RANGE_BYTES,
		.length = PAST_RANGE_BYTES,
	};

	assert_int_equal(journal_add_range(journal, &range), 0);
}

static void begin(struct journal *journal, const char *path)
{
	int fd;

	assert_int_equal(journal_open_file(path, true, &fd), 0);
	assert_int_equal(journal_begin(journal, fd, path, &story), 0);
}

static int set_up(void **state)
{
	struct sample *sample = calloc(1, sizeof(*sample));
	struct journal journal;

	assert_non_null(sample);
	snprintf(sample->path, sizeof(sample->path), "/tmp/haul-journal-%d", (int)getpid());
	begin(&journal, sample->path);
	assert_int_equal(journal_add_files(&journal, files, 2), 0);
	add_range(&journal, 0, RUN);
	sample->covered_bytes = journal.bytes;
	assert_int_equal(journal_add_files(&journal, files + 2, 1), 0);
	assert_int_equal(journal_add_checkpoint(&journal, sample->covered_bytes, 2000), 0);
	sample->covered_bytes = journal.bytes;
	add_range(&journal, 1, RUN);
	assert_int_equal(journal_flush(&journal), 0);
	journal_close(&journal);
	sample->bytes = read_file(sample->path, sample->data, sizeof(sample->data));
	*state = sample;
	return 0;
}

static int tear_down(void **state)
{
	struct sample *sample = *state;

	unlink(sample->path);
	free(sample);
	return 0;
}

static void check_durable(const struct past *past)
{
	const struct past_large *part = past_find_large(past, large);

	assert_int_equal(past->files.count, 2);
	assert_true(fingerprint_set_has(&past->files, files[0]));
	assert_true(fingerprint_set_has(&past->files, files[1]));
	assert_false(fingerprint_set_has(&past->files, files[2]));
	assert_int_equal(past->durable_ns, 2000);
	assert_non_null(part);
	assert_int_equal(part->run, RUN);
	assert_true(past_has_part(part, 0));
	assert_false(past_has_part(part, 1));
	assert_false(past_has_part(part, UINT64_MAX));
}

static void check_nothing_durable(const struct past *past)
{
	assert_int_equal(past->files.count, 0);
	assert_int_equal(past->durable_ns, 0);
	assert_null(past->larges);
}

static void tells_what_was_durable(void **state)
{
	struct sample *sample = *state;
	struct past past;

	assert_int_equal(past_open(sample->path, &past), 0);
	assert_string_equal(past.job, "nightly");
	assert_string_equal(past.directory, "/somewhere");
	assert_int_equal(past.argument_count, 4);
	assert_string_equal(past.argument[0], "cp");
	assert_string_equal(past.argument[2], "from here");
	assert_null(past.argument[4]);
	assert_int_equal(past.umask, 022);
	assert_true(past.into_directory);
	assert_int_equal(past.salt, 5);
	assert_int_equal(past.started_ns, 1000);
	assert_int_equal(past.good_bytes, sample->bytes);
	check_durable(&past);
	past_close(&past);
}

/* A damaged journal is refused, or good up to the damage. */
static void check_damaged(const struct sample *sample, size_t damaged_at)
{
	struct past past;
	int error = past_open(sample->path, &past);

	if (error) {
		assert_true(error == -EBADMSG || error == -EEXIST || error == -EPROTONOSUPPORT);
		return;
	}
	assert_true(past.good_bytes <= damaged_at);
	assert_string_equal(past.job, "nightly");
	if (damaged_at >= sample->covered_bytes)
		check_durable(&past);
	else
		check_nothing_durable(&past);
	past_close(&past);
}

static void is_cut_where_it_is_torn(void **state)
{
	struct sample *sample = *state;

	for (size_t bytes = 1; bytes < sample->bytes; bytes++) {
		write_file(sample->path, sample->data, bytes);
		check_damaged(sample, bytes);
	}
}

static void is_cut_where_a_bit_is_flipped(void **state)
{
	struct sample *sample = *state;

	for (size_t at = 0; at < sample->bytes; at++)
		for (unsigned bit = 0; bit < 8; bit++) {
			sample->data[at] ^= (uint8_t)(1u << bit);
			write_file(sample->path, sample->data, sample->bytes);
			check_damaged(sample, at);
			sample->data[at] ^= (uint8_t)(1u << bit);
		}
}

static void is_cut_where_a_part_is_missing(void **state)
{
	struct sample *sample = *state;
	uint8_t data[JOURNAL_BYTES_MAX];

	for (size_t at = 0; at + 8 < sample->bytes; at += 8) {
		memcpy(data, sample->data, at);
		memcpy(data + at, sample->data + at + 8, sample->bytes - at - 8);
		write_file(sample->path, data, sample->bytes - 8);
		check_damaged(sample, at + 7);
	}
}

static void goes_on_behind_what_is_sound(void **state)
{
	struct sample *sample = *state;
	struct journal journal;
	struct past past;

	/* The range at the end was not durable, and is torn. */
	write_file(sample->path, sample->data, sample->bytes - 3);
	assert_int_equal(past_open(sample->path, &past), 0);
	assert_int_equal(journal_continue(&journal, &past, RUN + 1), 0);
	past_close(&past);
	assert_int_equal(journal_add_files(&journal, files + 2, 1), 0);
	assert_int_equal(journal_add_checkpoint(&journal, journal.bytes, 3000), 0);
	journal_close(&journal);

	assert_int_equal(past_open(sample->path, &past), 0);
	assert_int_equal(past.files.count, 3);
	assert_int_equal(past.durable_ns, 3000);
	assert_int_equal(past.run_count, 2);
	assert_int_equal(past.run[0], RUN + 1);
	assert_int_equal(past.run[1], RUN);
	assert_true(past_has_part(past_find_large(&past, large), 0));
	past_close(&past);
}

/* What was not durable when a job died does not become so by a later checkpoint. */
static void a_resume_voids_what_was_not_durable(void **state)
{
	struct sample *sample = *state;
	struct journal journal;
	struct past past;

	assert_int_equal(past_open(sample->path, &past), 0);
	assert_int_equal(journal_continue(&journal, &past, RUN + 1), 0);
	past_close(&past);
	assert_int_equal(journal_add_checkpoint(&journal, journal.bytes, 3000), 0);
	journal_close(&journal);

	assert_int_equal(past_open(sample->path, &past), 0);
	assert_int_equal(past.files.count, 2);
	assert_false(past_has_part(past_find_large(&past, large), 1));
	past_close(&past);
}

static void a_file_that_was_begun_anew_has_nothing_of_before(void **state)
{
	struct sample *sample = *state;
	struct journal journal;
	struct past past;

	assert_int_equal(past_open(sample->path, &past), 0);
	assert_int_equal(journal_continue(&journal, &past, RUN + 1), 0);
	past_close(&past);
	add_range(&journal, 5, RUN + 1);
	assert_int_equal(journal_add_checkpoint(&journal, journal.bytes, 3000), 0);
	journal_close(&journal);

	assert_int_equal(past_open(sample->path, &past), 0);
	assert_int_equal(past_find_large(&past, large)->run, RUN + 1);
	assert_false(past_has_part(past_find_large(&past, large), 0));
	assert_true(past_has_part(past_find_large(&past, large), 5));
	past_close(&past);
}

/* Said after a sync, it needs no checkpoint, and no resume makes it void. */
static void a_source_that_went_stays_gone(void **state)
{
	struct sample *sample = *state;
	struct journal journal;
	struct past past;

	assert_int_equal(past_open(sample->path, &past), 0);
	assert_int_equal(past.moved.count, 0);
	assert_int_equal(journal_continue(&journal, &past, RUN + 1), 0);
	past_close(&past);
	assert_int_equal(journal_add_moved(&journal, files[2]), 0);
	assert_int_equal(journal_flush(&journal), 0);
	journal_close(&journal);

	assert_int_equal(past_open(sample->path, &past), 0);
	assert_true(fingerprint_set_has(&past.moved, files[2]));
	assert_false(fingerprint_set_has(&past.files, files[2]));
	assert_int_equal(journal_continue(&journal, &past, RUN + 2), 0);
	past_close(&past);
	journal_close(&journal);

	assert_int_equal(past_open(sample->path, &past), 0);
	assert_true(fingerprint_set_has(&past.moved, files[2]));
	past_close(&past);
}

/* A journal without them is one of an older version. */
static void tells_on_which_filesystems_it_began(void **state)
{
	struct sample *sample = *state;
	struct journal_footing footing[] = {
		{.type = 1, .number = 2, .count = 3, .uuid = "4"},
		{.type = 5, .count = 6},
	};
	struct journal journal;
	struct past past;

	assert_int_equal(past_open(sample->path, &past), 0);
	assert_int_equal(past.footing_count, 0);
	past_close(&past);
	/* One whose text doesn't end is cut. */
	memset(footing[1].uuid, '7', sizeof(footing[1].uuid));
	begin(&journal, sample->path);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(journal_add_footing(&journal, &footing[i]), 0);
	assert_int_equal(journal_flush(&journal), 0);
	journal_close(&journal);

	assert_int_equal(past_open(sample->path, &past), 0);
	assert_int_equal(past.footing_count, 2);
	assert_memory_equal(&past.footing[0], &footing[0], sizeof(footing[0]));
	assert_int_equal(past.footing[1].count, 6);
	assert_int_equal(strlen(past.footing[1].uuid), JOURNAL_UUID_BYTES - 1);
	past_close(&past);
}

static void a_complete_file_has_no_parts(void **state)
{
	struct sample *sample = *state;
	struct journal journal;
	struct past past;

	assert_int_equal(past_open(sample->path, &past), 0);
	assert_int_equal(journal_continue(&journal, &past, RUN + 1), 0);
	past_close(&past);
	assert_int_equal(journal_add_files(&journal, &large, 1), 0);
	assert_int_equal(journal_add_checkpoint(&journal, journal.bytes, 3000), 0);
	journal_close(&journal);

	assert_int_equal(past_open(sample->path, &past), 0);
	assert_null(past.larges);
	assert_true(fingerprint_set_has(&past.files, large));
	past_close(&past);
}

static void refuses_what_is_no_journal(void **state)
{
	static const char letter[] = "Dear friend, this is no journal at all, but a letter.";
	struct sample *sample = *state;
	char found[100];
	struct past past;
	int fd;

	assert_int_equal(past_open("/nowhere/at/all", &past), -ENOENT);
	write_file(sample->path, letter, sizeof(letter));
	assert_int_equal(past_open(sample->path, &past), -EEXIST);
	assert_int_equal(journal_open_file(sample->path, true, &fd), -EEXIST);
	assert_int_equal(read_file(sample->path, found, sizeof(found)), sizeof(letter));
	assert_string_equal(found, letter);
}

static void refuses_what_others_may_write(void **state)
{
	struct sample *sample = *state;
	struct past past;

	assert_int_equal(chmod(sample->path, 0620), 0);
	assert_int_equal(past_open(sample->path, &past), -EPERM);
}

static void is_locked_while_it_is_open(void **state)
{
	struct sample *sample = *state;
	struct past past, second;

	assert_int_equal(past_open(sample->path, &past), 0);
	assert_int_equal(past_open(sample->path, &second), -EBUSY);
	past_close(&past);
	assert_int_equal(past_open(sample->path, &second), 0);
	past_close(&second);
}

static void a_set_holds_many(void **state)
{
	struct fingerprint_set set = {0};

	(void)state;
	for (uint64_t i = 1; i <= 10000; i++)
		assert_int_equal(fingerprint_set_add(&set, (struct fingerprint){i << 8, i}), 0);
	assert_int_equal(fingerprint_set_add(&set, (struct fingerprint){1 << 8, 1}), 0);
	assert_int_equal(set.count, 10000);
	for (uint64_t i = 1; i <= 10000; i++) {
		assert_true(fingerprint_set_has(&set, (struct fingerprint){i << 8, i}));
		assert_false(fingerprint_set_has(&set, (struct fingerprint){i << 8, i + 1}));
	}
	fingerprint_set_free(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(tells_what_was_durable, set_up, tear_down),
		cmocka_unit_test_setup_teardown(is_cut_where_it_is_torn, set_up, tear_down),
		cmocka_unit_test_setup_teardown(is_cut_where_a_bit_is_flipped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(is_cut_where_a_part_is_missing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(goes_on_behind_what_is_sound, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_resume_voids_what_was_not_durable, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_file_that_was_begun_anew_has_nothing_of_before, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_source_that_went_stays_gone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			tells_on_which_filesystems_it_began, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_complete_file_has_no_parts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refuses_what_is_no_journal, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refuses_what_others_may_write, set_up, tear_down),
		cmocka_unit_test_setup_teardown(is_locked_while_it_is_open, set_up, tear_down),
		cmocka_unit_test(a_set_holds_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
