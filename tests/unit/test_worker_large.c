/* SPDX-License-Identifier: MIT */
#include "tests/unit/worker_driver.h"

#include "util/clock.h"

#define LARGE_BYTES (9 * 1024 * 1024 + 12345)
#define RANGE_BYTES (4 * 1024 * 1024)
#define TEMPORARY   ".haul.0badcafe0"

static void run(struct driver *driver, enum wire_type type, struct wire_large large,
	const char *name, struct outcome *ret_outcome)
{
	struct wire_text text[] = {
		driver_text(""), driver_text(name), driver_text(""), driver_text(TEMPORARY)};

	large.name_bytes = (uint16_t)text[1].bytes;
	large.temporary_bytes = (uint16_t)text[3].bytes;
	driver_put(driver, type, &large, sizeof(large), text, 4);
	driver_run(driver, ret_outcome);
}

static void prepare(
	struct driver *driver, const char *name, uint32_t flags, struct outcome *ret_outcome)
{
	struct wire_large large = {.item = driver_item(driver, "", 0, flags)};

	run(driver, WIRE_PREPARE, large, name, ret_outcome);
}

/* Direct writes where there is a ring, which also takes each range through odd ends. */
static struct wire_manner manner_of(const struct driver *driver)
{
	return (struct wire_manner){
		.block_bytes = 512 * 1024,
		.depth = 3,
		.way = driver->options.strategy == STRATEGY_AUTO ? STRATEGY_DIRECT : STRATEGY_PLAIN,
		.flags = MANNER_TARGET_DIRECT | MANNER_WRITE_BEHIND | MANNER_SETTLE |
			 MANNER_DROP_SOURCE,
	};
}

static uint64_t temporary_inode(const struct driver *driver)
{
	return driver_exists(driver->target_fd, TEMPORARY)
		       ? driver_stat(driver->target_fd, TEMPORARY).st_ino
		       : 0;
}

static void copy_range(struct driver *driver, const char *name, uint64_t offset, uint64_t length,
	struct outcome *ret_outcome)
{
	struct wire_large large = {
		.item = driver_item(driver, "", 0, 0),
		.offset = offset,
		.length = length,
		.manner = manner_of(driver),
		.temporary_inode = temporary_inode(driver),
	};

	run(driver, WIRE_RANGE, large, name, ret_outcome);
	assert_int_equal(ret_outcome->type, WIRE_DONE);
}

static void commit(struct driver *driver, const char *name, const struct wire_prepared *prepared,
	uint32_t flags, struct outcome *ret_outcome)
{
	struct wire_large large = {
		.item = driver_item(driver, "", 0, flags),
		.bytes = prepared->bytes,
		.temporary_inode = temporary_inode(driver),
		.changed_sec = prepared->changed_sec,
		.changed_nsec = prepared->changed_nsec,
	};

	run(driver, WIRE_COMMIT, large, name, ret_outcome);
	assert_int_equal(ret_outcome->type, WIRE_DONE);
}

/* The last range first: they come in any order. */
static void copy_ranges(struct driver *driver, const char *name, uint64_t bytes)
{
	struct outcome outcome;
	uint64_t sum = 0;

	for (uint64_t i = (bytes + RANGE_BYTES - 1) / RANGE_BYTES; i-- > 0;) {
		uint64_t offset = i * RANGE_BYTES, length = bytes - offset;

		copy_range(driver, name, offset, length < RANGE_BYTES ? length : RANGE_BYTES,
			&outcome);
		assert_int_equal(outcome.failure_count, 0);
		sum += outcome.done.bytes_accepted;
	}
	assert_int_equal(sum, bytes);
}

static void copy_large(struct driver *driver, const char *name, struct outcome *ret_outcome)
{
	struct wire_prepared prepared;

	prepare(driver, name, 0, ret_outcome);
	assert_int_equal(ret_outcome->type, WIRE_PREPARED);
	assert_int_equal(ret_outcome->failure_count, 0);
	prepared = ret_outcome->prepared;
	if (prepared.finished)
		return;
	assert_int_equal(prepared.temporary_inode, temporary_inode(driver));
	copy_ranges(driver, name, prepared.bytes);
	commit(driver, name, &prepared, 0, ret_outcome);
}

static void test_copies_a_large_file_in_ranges(void **state)
{
	struct driver *driver = *state;
	struct outcome outcome;

	driver_write(driver->source_fd, "large", LARGE_BYTES, 1);
	driver_age(driver->source_fd, "large");
	driver_start(driver);
	copy_large(driver, "large", &outcome);
	assert_int_equal(outcome.failure_count, 0);
	assert_int_equal(outcome.done.files, 1);
	driver_check_same(driver, "large");
	driver_check_metadata(driver, "large");
	assert_false(driver_exists(driver->target_fd, TEMPORARY));
	assert_int_equal(driver_counter(driver, HAUL_BYTES_ACCEPTED), LARGE_BYTES);
}

static void test_has_no_final_name_before_the_commit(void **state)
{
	struct driver *driver = *state;
	struct outcome outcome;

	driver_write(driver->source_fd, "large", LARGE_BYTES, 1);
	driver_start(driver);
	prepare(driver, "large", 0, &outcome);
	copy_ranges(driver, "large", LARGE_BYTES);
	assert_false(driver_exists(driver->target_fd, "large"));
	assert_int_equal(driver_stat(driver->target_fd, TEMPORARY).st_mode, S_IFREG | 0600);
	copy_range(driver, "large", 0, 0, &outcome);
	assert_int_equal(outcome.failure_count, 0);
	assert_false(driver_exists(driver->target_fd, TEMPORARY));
}

static void test_prepares_again_after_a_crash(void **state)
{
	struct driver *driver = *state;
	struct outcome outcome;

	driver_write(driver->source_fd, "large", LARGE_BYTES, 1);
	driver_write(driver->target_fd, TEMPORARY, 2 * LARGE_BYTES, 2);
	driver_start(driver);
	prepare(driver, "large", 0, &outcome);
	assert_int_equal(outcome.type, WIRE_DONE);
	assert_int_equal(outcome.failure[0].operation, OPERATION_CREATE);
	prepare(driver, "large", ITEM_RETRIED, &outcome);
	assert_int_equal(outcome.type, WIRE_PREPARED);
	assert_int_equal(outcome.failure_count, 0);
	copy_ranges(driver, "large", LARGE_BYTES);
	commit(driver, "large", &outcome.prepared, 0, &outcome);
	driver_check_same(driver, "large");
}

static void test_commits_again_after_a_crash(void **state)
{
	struct driver *driver = *state;
	struct wire_prepared prepared;
	struct outcome outcome;

	driver_write(driver->source_fd, "large", LARGE_BYTES, 1);
	driver_start(driver);
	prepare(driver, "large", 0, &outcome);
	prepared = outcome.prepared;
	copy_ranges(driver, "large", LARGE_BYTES);
	commit(driver, "large", &prepared, 0, &outcome);
	assert_int_equal(outcome.failure_count, 0);
	commit(driver, "large", &prepared, ITEM_RETRIED, &outcome);
	assert_int_equal(outcome.failure_count, 0);
	assert_int_equal(outcome.done.files, 1);
}

/* A worker removed the temporary file, and died before it could say why. */
static void test_takes_no_older_file_for_the_copy(void **state)
{
	struct driver *driver = *state;
	struct wire_prepared prepared;
	struct outcome outcome;

	driver_write(driver->source_fd, "large", LARGE_BYTES, 1);
	driver_write(driver->target_fd, "large", LARGE_BYTES, 2);
	/* Files' times may be ahead of this clock by one of its ticks. */
	driver->options.started_ns = (int64_t)clock_realtime_ns() + 20000000;
	driver_start(driver);
	prepare(driver, "large", 0, &outcome);
	prepared = outcome.prepared;
	assert_int_equal(unlinkat(driver->target_fd, TEMPORARY, 0), 0);
	commit(driver, "large", &prepared, ITEM_RETRIED, &outcome);
	assert_int_equal(outcome.failure_count, 1);
}

static void test_notices_a_source_that_changed(void **state)
{
	struct driver *driver = *state;
	struct wire_prepared prepared;
	struct outcome outcome;

	driver_write(driver->source_fd, "large", LARGE_BYTES, 1);
	driver_start(driver);
	prepare(driver, "large", 0, &outcome);
	prepared = outcome.prepared;
	copy_ranges(driver, "large", LARGE_BYTES);
	driver_write(driver->source_fd, "large", LARGE_BYTES + 1, 2);
	commit(driver, "large", &prepared, 0, &outcome);
	assert_int_equal(outcome.failure_count, 1);
	assert_int_equal(outcome.failure[0].operation, OPERATION_SOURCE_CHANGED);
	assert_int_equal(outcome.failure[0].warning, 1);
	assert_true(driver_exists(driver->target_fd, "large"));
	assert_false(driver_exists(driver->target_fd, TEMPORARY));
}

static void test_keeps_large_holes(void **state)
{
	struct driver *driver = *state;
	struct outcome outcome;
	int fd = openat(driver->source_fd, "large", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_int_equal(pwrite(fd, "x", 1, LARGE_BYTES / 2), 1);
	assert_int_equal(ftruncate(fd, LARGE_BYTES), 0);
	close(fd);
	driver_start(driver);
	copy_large(driver, "large", &outcome);
	assert_int_equal(outcome.failure_count, 0);
	driver_check_same(driver, "large");
	assert_true(driver_stat(driver->target_fd, "large").st_blocks < 256);
}

static void test_replaces_an_existing_file(void **state)
{
	struct driver *driver = *state;
	struct outcome outcome;

	driver_write(driver->source_fd, "large", LARGE_BYTES, 1);
	driver_write(driver->target_fd, "large", 10, 2);
	driver_start(driver);
	copy_large(driver, "large", &outcome);
	assert_int_equal(outcome.failure_count, 0);
	driver_check_same(driver, "large");
}

static void test_shows_new_content_under_all_names(void **state)
{
	struct driver *driver = *state;
	struct outcome outcome;
	struct stat before;

	driver_write(driver->source_fd, "large", LARGE_BYTES, 1);
	driver_write(driver->target_fd, "large", 10, 2);
	assert_int_equal(fchmodat(driver->target_fd, "large", 0604, 0), 0);
	assert_int_equal(linkat(driver->target_fd, "large", driver->target_fd, "other", 0), 0);
	before = driver_stat(driver->target_fd, "large");
	driver->options.preserve = 0;
	driver_start(driver);
	copy_large(driver, "large", &outcome);
	assert_int_equal(outcome.failure_count, 0);
	driver_check_same(driver, "large");
	assert_int_equal(driver_stat(driver->target_fd, "other").st_ino, before.st_ino);
	assert_int_equal(driver_stat(driver->target_fd, "other").st_size, LARGE_BYTES);
	assert_int_equal(driver_stat(driver->target_fd, "large").st_mode, S_IFREG | 0604);
	assert_false(driver_exists(driver->target_fd, TEMPORARY));
}

static void test_refuses_what_is_in_the_way(void **state)
{
	struct driver *driver = *state;
	struct outcome outcome;

	driver_write(driver->source_fd, "large", LARGE_BYTES, 1);
	assert_int_equal(mkdirat(driver->target_fd, "large", 0755), 0);
	driver_start(driver);
	prepare(driver, "large", 0, &outcome);
	assert_int_equal(outcome.type, WIRE_DONE);
	assert_int_equal(outcome.failure[0].operation, OPERATION_IS_DIRECTORY);
	assert_false(driver_exists(driver->target_fd, TEMPORARY));
}

static void test_skips_an_existing_file_when_told_so(void **state)
{
	struct driver *driver = *state;
	struct outcome outcome;

	driver_write(driver->source_fd, "large", LARGE_BYTES, 1);
	driver_write(driver->target_fd, "large", 10, 2);
	driver->options.update = UPDATE_NONE;
	driver_start(driver);
	prepare(driver, "large", 0, &outcome);
	assert_int_equal(outcome.type, WIRE_DONE);
	assert_int_equal(outcome.outcome_count, 1);
	assert_int_equal(outcome.outcome[0].kind, OUTCOME_SKIPPED);
	assert_int_equal(driver_counter(driver, HAUL_FILES_SKIPPED), 1);
	assert_int_equal(driver_stat(driver->target_fd, "large").st_size, 10);
}

static void test_reflinks_or_says_that_it_can_not(void **state)
{
	struct driver *driver = *state;
	struct outcome outcome;

	driver_write(driver->source_fd, "large", LARGE_BYTES, 1);
	driver_write(driver->source_fd, "small", 1000, 1);
	driver->options.strategy = STRATEGY_REFLINK;
	driver_start(driver);
	prepare(driver, "large", 0, &outcome);
	if (outcome.type == WIRE_PREPARED) {
		assert_int_equal(outcome.prepared.finished, 1);
		driver_check_same(driver, "large");
		return;
	}
	assert_int_equal(outcome.failure[0].operation, OPERATION_CLONE);
	assert_false(driver_exists(driver->target_fd, TEMPORARY));
	driver_files(driver, "", "small", 0, &outcome);
	assert_int_equal(outcome.failure_count, 1);
	assert_false(driver_exists(driver->target_fd, "small"));
}

int main(void)
{
	static const struct named_test tests[] = {
		NAMED_TEST(test_copies_a_large_file_in_ranges),
		NAMED_TEST(test_has_no_final_name_before_the_commit),
		NAMED_TEST(test_prepares_again_after_a_crash),
		NAMED_TEST(test_commits_again_after_a_crash),
		NAMED_TEST(test_takes_no_older_file_for_the_copy),
		NAMED_TEST(test_notices_a_source_that_changed),
		NAMED_TEST(test_keeps_large_holes),
		NAMED_TEST(test_replaces_an_existing_file),
		NAMED_TEST(test_shows_new_content_under_all_names),
		NAMED_TEST(test_refuses_what_is_in_the_way),
		NAMED_TEST(test_skips_an_existing_file_when_told_so),
		NAMED_TEST(test_reflinks_or_says_that_it_can_not),
	};

	return driver_run_tests("large files", tests, sizeof(tests) / sizeof(tests[0]));
}
