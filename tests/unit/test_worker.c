/* SPDX-License-Identifier: MIT */
#include "tests/unit/worker_driver.h"
#include "util/clock.h"

/* ---- life ---- */

static void test_says_hello_and_ends_when_hung_up_on(void **state)
{
	struct driver *driver = *state;

	driver_start(driver);
	assert_int_equal(driver->hello.version, WIRE_VERSION);
	driver_stop(driver);
}

static void test_answers_what_it_drops_when_stopped(void **state)
{
	struct driver *driver = *state;
	struct outcome outcome;

	driver_write(driver->source_fd, "a", 100, 1);
	driver_start(driver);
	driver_put_files(driver, "", "a", 0);
	driver_put(driver, WIRE_STOP, NULL, 0, NULL, 0);
	driver_run(driver, &outcome);
	assert_int_equal(outcome.type, WIRE_DONE);
	assert_int_equal(outcome.done.files, 0);
	assert_false(driver_exists(driver->target_fd, "a"));
}

/* ---- listings ---- */

static unsigned count_entry(
	struct outcome *outcome, const char *wanted, struct wire_entry *ret_entry)
{
	struct wire_view view = outcome->entries;
	const struct wire_entry *entry;
	struct wire_text name, target;
	unsigned found = 0;

	for (uint32_t i = 0; i < outcome->listed.entry_count; i++) {
		assert_int_equal(wire_take_entry(&view, &entry, &name, &target), 0);
		assert_int_equal(target.bytes, 0);
		if (strcmp(name.data, wanted) == 0) {
			*ret_entry = *entry;
			found++;
		}
	}
	return found;
}

static void test_lists_a_directory(void **state)
{
	struct driver *driver = *state;
	struct stat status;
	struct wire_entry entry;
	struct outcome outcome;

	driver_write(driver->source_fd, "file", 12345, 1);
	assert_int_equal(mkdirat(driver->source_fd, "below", 0750), 0);
	assert_int_equal(symlinkat("nowhere", driver->source_fd, "link"), 0);
	driver_start(driver);
	driver_list(driver, "", 0, ITEM_MAKE_DIRECTORY, &outcome);
	driver_check_clean(&outcome);
	assert_int_equal(outcome.listed.entry_count, 3);
	assert_int_equal(outcome.listed.complete, 1);
	assert_int_equal(outcome.listed.directory.created, 0);
	assert_int_equal(count_entry(&outcome, "file", &entry), 1);
	status = driver_stat(driver->source_fd, "file");
	assert_int_equal(entry.bytes, 12345);
	assert_int_equal(entry.mode, status.st_mode);
	assert_int_equal(entry.inode, status.st_ino);
	assert_int_equal(entry.device, status.st_dev);
	assert_int_equal(count_entry(&outcome, "link", &entry), 1);
	assert_true(S_ISLNK(entry.mode));
}

static void test_makes_the_directory_for_its_owner_only(void **state)
{
	struct driver *driver = *state;
	struct outcome outcome;

	assert_int_equal(mkdirat(driver->source_fd, "below", 0755), 0);
	driver_age(driver->source_fd, "below");
	driver_start(driver);
	driver_list(driver, "below", 0, ITEM_MAKE_DIRECTORY, &outcome);
	driver_check_clean(&outcome);
	assert_int_equal(outcome.listed.directory.created, 1);
	assert_int_equal(outcome.listed.directory.modified_sec, 1000000001);
	assert_int_equal(outcome.listed.directory.modified_nsec, 987654321);
	assert_int_equal(driver_stat(driver->target_fd, "below").st_mode, S_IFDIR | 0700);
	driver_list(driver, "below", 0, ITEM_MAKE_DIRECTORY, &outcome);
	driver_check_clean(&outcome);
	assert_int_equal(outcome.listed.directory.created, 0);
	driver_list(driver, "below", 0, ITEM_MAKE_DIRECTORY | ITEM_RETRIED, &outcome);
	assert_int_equal(outcome.listed.directory.created, 1);
}

/* That is how a user's own look that are for nobody else. */
static void test_a_retry_makes_no_older_directory_its_own(void **state)
{
	struct driver *driver = *state;
	struct outcome outcome;

	assert_int_equal(mkdirat(driver->source_fd, "below", 0755), 0);
	assert_int_equal(mkdirat(driver->target_fd, "below", 0700), 0);
	driver->options.started_ns = (int64_t)clock_realtime_ns() + 1000000000;
	driver_start(driver);
	driver_list(driver, "below", 0, ITEM_MAKE_DIRECTORY | ITEM_RETRIED, &outcome);
	driver_check_clean(&outcome);
	assert_int_equal(outcome.listed.directory.created, 0);
}

static void test_refuses_a_file_where_a_directory_goes(void **state)
{
	struct driver *driver = *state;
	struct outcome outcome;

	assert_int_equal(mkdirat(driver->source_fd, "below", 0755), 0);
	driver_write(driver->target_fd, "below", 1, 1);
	driver_start(driver);
	driver_list(driver, "below", 0, ITEM_MAKE_DIRECTORY, &outcome);
	assert_int_equal(outcome.type, WIRE_LISTED);
	assert_int_equal(outcome.listed.complete, 1);
	assert_int_equal(outcome.listed.entry_count, 0);
	driver_check_failure(&outcome, 0, OPERATION_NOT_DIRECTORY, EEXIST);
}

static void test_never_goes_through_a_symlink(void **state)
{
	struct driver *driver = *state;
	struct outcome outcome;

	assert_int_equal(symlinkat("/etc", driver->source_fd, "etc"), 0);
	driver_start(driver);
	driver_list(driver, "etc", 0, 0, &outcome);
	assert_int_equal(outcome.failure_count, 1);
	assert_int_equal(outcome.failure[0].operation, OPERATION_LIST);
	driver_list(driver, "..", 0, 0, &outcome);
	assert_int_equal(outcome.failure_count, 1);
	assert_int_equal(outcome.failure[0].error, EXDEV);
}

static void test_lists_a_long_directory_in_parts(void **state)
{
	struct driver *driver = *state;
	struct outcome outcome;
	uint64_t position = 0;
	unsigned count = 0, parts = 0;
	char name[64];

	for (unsigned i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "a-file-of-a-certain-length-%u", i);
		assert_int_equal(mknodat(driver->source_fd, name, S_IFREG | 0644, 0), 0);
	}
	driver_start(driver);
	do {
		driver_list(driver, "", position, 0, &outcome);
		driver_check_clean(&outcome);
		count += outcome.listed.entry_count;
		position = outcome.listed.next_position;
		parts++;
	} while (!outcome.listed.complete);
	assert_int_equal(count, 3000);
	assert_true(parts > 1);
}

/* ---- everything else ---- */

static void test_copies_symlinks_and_special_files(void **state)
{
	struct driver *driver = *state;
	struct outcome outcome;
	char link[32] = "";

	assert_int_equal(symlinkat("to/nowhere", driver->source_fd, "link"), 0);
	assert_int_equal(mkfifoat(driver->source_fd, "fifo", 0), 0);
	assert_int_equal(fchmodat(driver->source_fd, "fifo", 0624, 0), 0);
	assert_int_equal(mknodat(driver->source_fd, "socket", S_IFSOCK | 0755, 0), 0);
	driver_age(driver->source_fd, "link");
	driver_age(driver->source_fd, "fifo");
	driver_age(driver->source_fd, "socket");
	driver_start(driver);
	driver_files(driver, "", "link fifo socket", 0, &outcome);
	driver_check_clean(&outcome);
	assert_int_equal(outcome.done.files, 3);
	assert_int_equal(readlinkat(driver->target_fd, "link", link, sizeof(link)), 10);
	assert_string_equal(link, "to/nowhere");
	driver_check_metadata(driver, "link");
	driver_check_metadata(driver, "fifo");
	driver_check_metadata(driver, "socket");
	/* And over what is there by now. */
	driver_files(driver, "", "link fifo socket", 0, &outcome);
	driver_check_clean(&outcome);
	driver_check_metadata(driver, "fifo");
}

static void test_reads_special_files_when_told_so(void **state)
{
	struct driver *driver = *state;
	struct outcome outcome;
	pid_t writer;
	int status;

	assert_int_equal(mkfifoat(driver->source_fd, "fifo", 0644), 0);
	driver->options.copy_special = false;
	driver_start(driver);
	writer = fork();
	if (!writer)
		_exit(write(openat(driver->source_fd, "fifo", O_WRONLY), "content", 7) != 7);
	driver_files(driver, "", "fifo", 0, &outcome);
	driver_check_clean(&outcome);
	assert_int_equal(waitpid(writer, &status, 0), writer);
	assert_int_equal(status, 0);
	assert_int_equal(driver_stat(driver->target_fd, "fifo").st_size, 7);
	assert_true(S_ISREG(driver_stat(driver->target_fd, "fifo").st_mode));
}

static void test_finishes_a_directory(void **state)
{
	struct driver *driver = *state;
	struct outcome listed, outcome;

	assert_int_equal(mkdirat(driver->source_fd, "below", 0755), 0);
	assert_int_equal(fchmodat(driver->source_fd, "below", 02571, 0), 0);
	driver_age(driver->source_fd, "below");
	driver_start(driver);
	driver_list(driver, "below", 0, ITEM_MAKE_DIRECTORY, &listed);
	driver_write(driver->target_fd, "below/file", 1, 1);
	driver_finish(driver, "below", &listed.listed.directory, &outcome);
	driver_check_clean(&outcome);
	assert_int_equal(outcome.done.directories, 1);
	driver_check_metadata(driver, "below");
}

static void test_links_names(void **state)
{
	struct driver *driver = *state;
	struct outcome outcome;

	assert_int_equal(mkdirat(driver->target_fd, "below", 0755), 0);
	assert_int_equal(mkdirat(driver->source_fd, "below", 0755), 0);
	driver_write(driver->target_fd, "below/first", 10, 1);
	driver_write(driver->target_fd, "taken", 20, 1);
	driver_start(driver);
	driver_link(driver, "below/first", "", "second", &outcome);
	driver_check_clean(&outcome);
	assert_int_equal(outcome.done.files, 1);
	driver_link(driver, "below/first", "", "second", &outcome);
	driver_check_clean(&outcome);
	driver_link(driver, "below/first", "", "taken", &outcome);
	driver_check_clean(&outcome);
	assert_int_equal(driver_stat(driver->target_fd, "second").st_nlink, 3);
	assert_int_equal(driver_stat(driver->target_fd, "taken").st_ino,
		driver_stat(driver->target_fd, "below/first").st_ino);
	driver_link(driver, "below/missing", "", "third", &outcome);
	driver_check_failure(&outcome, 0, OPERATION_MAKE_LINK, ENOENT);
	driver_link(driver, "below/first", "", "below", &outcome);
	driver_check_failure(&outcome, 0, OPERATION_IS_DIRECTORY, EISDIR);
}

int main(void)
{
	static const struct named_test tests[] = {
		NAMED_TEST(test_says_hello_and_ends_when_hung_up_on),
		NAMED_TEST(test_answers_what_it_drops_when_stopped),
		NAMED_TEST(test_lists_a_directory),
		NAMED_TEST(test_makes_the_directory_for_its_owner_only),
		NAMED_TEST(test_a_retry_makes_no_older_directory_its_own),
		NAMED_TEST(test_refuses_a_file_where_a_directory_goes),
		NAMED_TEST(test_never_goes_through_a_symlink),
		NAMED_TEST(test_lists_a_long_directory_in_parts),
		NAMED_TEST(test_copies_symlinks_and_special_files),
		NAMED_TEST(test_reads_special_files_when_told_so),
		NAMED_TEST(test_finishes_a_directory),
		NAMED_TEST(test_links_names),
	};

	return driver_run_tests("worker", tests, sizeof(tests) / sizeof(tests[0]));
}
