/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/xattr.h>

#include "worker_driver.h"

static void check_clean(const struct outcome *outcome)
{
	if (outcome->failure_count)
		fail_msg("failure: operation %u, error %d (%s)", outcome->failure[0].operation,
			outcome->failure[0].error, strerror(outcome->failure[0].error));
}

static void check_failure(
	const struct outcome *outcome, unsigned index, enum wire_operation operation, int error)
{
	assert_int_equal(outcome->failure_count, 1);
	assert_int_equal(outcome->failure[0].index, index);
	assert_int_equal(outcome->failure[0].operation, operation);
	assert_int_equal(outcome->failure[0].error, error);
	assert_int_equal(outcome->failure[0].warning, 0);
}

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
	check_clean(&outcome);
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
	check_clean(&outcome);
	assert_int_equal(outcome.listed.directory.created, 1);
	assert_int_equal(outcome.listed.directory.modified_sec, 1000000001);
	assert_int_equal(outcome.listed.directory.modified_nsec, 987654321);
	assert_int_equal(driver_stat(driver->target_fd, "below").st_mode, S_IFDIR | 0700);
	driver_list(driver, "below", 0, ITEM_MAKE_DIRECTORY, &outcome);
	check_clean(&outcome);
	assert_int_equal(outcome.listed.directory.created, 0);
	driver_list(driver, "below", 0, ITEM_MAKE_DIRECTORY | ITEM_RETRIED, &outcome);
	assert_int_equal(outcome.listed.directory.created, 1);
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
	check_failure(&outcome, 0, OPERATION_NOT_DIRECTORY, EEXIST);
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
		check_clean(&outcome);
		count += outcome.listed.entry_count;
		position = outcome.listed.next_position;
		parts++;
	} while (!outcome.listed.complete);
	assert_int_equal(count, 3000);
	assert_true(parts > 1);
}

/* ---- regular files ---- */

static void test_copies_files_of_all_sizes(void **state)
{
	static const size_t sizes[] = {
		0, 1, 4095, 4096, 4097, 65536, 262143, 262144, 262145, 1000000, 5000001};
	struct driver *driver = *state;
	struct outcome outcome;
	char names[512] = "", name[32];
	uint64_t sum = 0;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		snprintf(name, sizeof(name), "size-%zu", sizes[i]);
		driver_write(driver->source_fd, name, sizes[i], (unsigned)i);
		driver_age(driver->source_fd, name);
		strcat(strcat(names, *names ? " " : ""), name);
		sum += sizes[i];
	}
	driver_start(driver);
	driver_files(driver, "", names, 0, &outcome);
	check_clean(&outcome);
	assert_int_equal(outcome.done.files, sizeof(sizes) / sizeof(sizes[0]));
	assert_int_equal(outcome.done.bytes_read, sum);
	assert_int_equal(outcome.done.bytes_accepted, sum);
	assert_int_equal(driver_counter(driver, HAUL_BYTES_ACCEPTED), sum);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		snprintf(name, sizeof(name), "size-%zu", sizes[i]);
		driver_check_same(driver, name);
		driver_check_metadata(driver, name);
	}
}

static void test_copies_what_the_cache_has_lost(void **state)
{
	struct driver *driver = *state;
	struct outcome outcome;
	int fd;

	driver_write(driver->source_fd, "small", 10000, 1);
	driver_write(driver->source_fd, "big", 3000000, 2);
	for (unsigned i = 0; i < 2; i++) {
		fd = openat(driver->source_fd, i ? "big" : "small", O_RDONLY | O_CLOEXEC);
		assert_int_equal(fsync(fd), 0);
		assert_int_equal(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
		close(fd);
	}
	driver_start(driver);
	driver_files(driver, "", "small big", 0, &outcome);
	check_clean(&outcome);
	driver_check_same(driver, "small");
	driver_check_same(driver, "big");
}

static void test_reports_durable_bytes_after_a_sync(void **state)
{
	struct driver *driver = *state;
	struct outcome outcome;

	driver_write(driver->source_fd, "a", 1000, 1);
	driver_write(driver->source_fd, "b", 300000, 2);
	driver->options.durable = true;
	driver_start(driver);
	driver_files(driver, "", "a b", 0, &outcome);
	check_clean(&outcome);
	assert_int_equal(outcome.done.bytes_durable, 301000);
	driver_check_same(driver, "a");
	driver_check_same(driver, "b");
}

static void test_keeps_mode_owner_and_attributes(void **state)
{
	struct driver *driver = *state;
	struct outcome outcome;
	char value[8];
	int fd;

	if (geteuid())
		skip();
	driver_write(driver->source_fd, "suid", 10, 1);
	driver_write(driver->source_fd, "none", 10, 1);
	assert_int_equal(fchownat(driver->source_fd, "suid", 1234, 4321, 0), 0);
	assert_int_equal(fchmodat(driver->source_fd, "suid", 06755, 0), 0);
	assert_int_equal(fchmodat(driver->source_fd, "none", 0, 0), 0);
	fd = openat(driver->source_fd, "suid", O_RDONLY | O_CLOEXEC);
	assert_int_equal(fsetxattr(fd, "trusted.haul", "yes", 3, 0), 0);
	close(fd);
	driver_start(driver);
	driver_files(driver, "", "suid none", 0, &outcome);
	check_clean(&outcome);
	driver_check_metadata(driver, "suid");
	driver_check_metadata(driver, "none");
	fd = openat(driver->target_fd, "suid", O_RDONLY | O_CLOEXEC);
	assert_int_equal(fgetxattr(fd, "trusted.haul", value, sizeof(value)), 3);
	close(fd);
}

static void test_uses_the_umask_when_modes_are_not_kept(void **state)
{
	struct driver *driver = *state;
	struct outcome outcome;

	driver_write(driver->source_fd, "a", 10, 1);
	assert_int_equal(fchmodat(driver->source_fd, "a", 04777, 0), 0);
	driver_age(driver->source_fd, "a");
	driver->options.preserve = 0;
	driver->options.umask = 027;
	driver_start(driver);
	driver_files(driver, "", "a", 0, &outcome);
	check_clean(&outcome);
	assert_int_equal(driver_stat(driver->target_fd, "a").st_mode, S_IFREG | 0750);
	assert_int_not_equal(driver_stat(driver->target_fd, "a").st_mtim.tv_sec, 1000000001);
}

static void test_leaves_out_an_inherited_acl(void **state)
{
	/* u::rwx, u:1234:rwx, g::rwx, m::rwx, o::rwx, as posix_acl_xattr lays it out */
	static const uint8_t acl[] = {2, 0, 0, 0,                                /* version */
		1, 0, 7, 0, 255, 255, 255, 255, 2, 0, 7, 0, 0xd2, 4, 0, 0,       /* owner, 1234 */
		4, 0, 7, 0, 255, 255, 255, 255, 16, 0, 7, 0, 255, 255, 255, 255, /* group, mask */
		32, 0, 7, 0, 255, 255, 255, 255};
	struct driver *driver = *state;
	struct outcome outcome;
	int fd;

	if (fsetxattr(driver->target_fd, "system.posix_acl_default", acl, sizeof(acl), 0))
		skip();
	driver_write(driver->source_fd, "a", 10, 1);
	driver_start(driver);
	driver_files(driver, "", "a", 0, &outcome);
	check_clean(&outcome);
	driver_check_metadata(driver, "a");
	fd = openat(driver->target_fd, "a", O_RDONLY | O_CLOEXEC);
	assert_int_equal(fgetxattr(fd, "system.posix_acl_access", NULL, 0), -1);
	close(fd);
}

static void test_keeps_holes(void **state)
{
	struct driver *driver = *state;
	struct stat source, target;
	struct outcome outcome;
	int fd = openat(driver->source_fd, "sparse", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_int_equal(pwrite(fd, "x", 1, 3000000), 1);
	assert_int_equal(ftruncate(fd, 7000000), 0);
	close(fd);
	driver_start(driver);
	driver_files(driver, "", "sparse", 0, &outcome);
	check_clean(&outcome);
	driver_check_same(driver, "sparse");
	source = driver_stat(driver->source_fd, "sparse");
	target = driver_stat(driver->target_fd, "sparse");
	assert_true(target.st_blocks <= source.st_blocks + 16);
	assert_int_equal(outcome.done.bytes_accepted, 7000000);
}

static void test_names_the_entry_that_failed(void **state)
{
	struct driver *driver = *state;
	struct outcome outcome;

	driver_write(driver->source_fd, "good", 10, 1);
	driver_start(driver);
	driver_files(driver, "", "good missing", 0, &outcome);
	check_failure(&outcome, 1, OPERATION_STAT_SOURCE, ENOENT);
	assert_int_equal(outcome.done.files, 1);
	driver_check_same(driver, "good");
}

static void test_fails_all_entries_of_a_missing_directory(void **state)
{
	struct driver *driver = *state;
	struct outcome outcome;

	driver_start(driver);
	driver_files(driver, "missing", "a b", 0, &outcome);
	assert_int_equal(outcome.failure_count, 2);
	assert_int_equal(outcome.failure[1].index, 1);
	assert_int_equal(outcome.failure[1].operation, OPERATION_OPEN_SOURCE);
}

static void test_does_not_hang_on_a_fifo_in_place_of_a_file(void **state)
{
	struct driver *driver = *state;
	struct outcome outcome;

	driver_write(driver->source_fd, "a", 10, 1);
	driver_start(driver);
	driver_put_files(driver, "", "a", 0);
	assert_int_equal(unlinkat(driver->source_fd, "a", 0), 0);
	assert_int_equal(mkfifoat(driver->source_fd, "a", 0644), 0);
	driver_run(driver, &outcome);
	check_failure(&outcome, 0, OPERATION_SOURCE_REPLACED, 0);
}

static void test_does_not_follow_a_symlink_in_place_of_a_file(void **state)
{
	struct driver *driver = *state;
	struct outcome outcome;

	driver_write(driver->source_fd, "a", 10, 1);
	driver_start(driver);
	driver_put_files(driver, "", "a", 0);
	assert_int_equal(unlinkat(driver->source_fd, "a", 0), 0);
	assert_int_equal(symlinkat("/etc/passwd", driver->source_fd, "a"), 0);
	driver_run(driver, &outcome);
	assert_int_equal(outcome.failure_count, 1);
	assert_int_equal(outcome.failure[0].operation, OPERATION_SOURCE_REPLACED);
	assert_false(driver_exists(driver->target_fd, "a"));
}

/* ---- what exists already ---- */

static void test_overwrites_in_place(void **state)
{
	struct driver *driver = *state;
	struct outcome outcome;
	struct stat before, after;

	driver_write(driver->source_fd, "a", 1000, 1);
	driver_write(driver->source_fd, "b", 400000, 2);
	driver_write(driver->target_fd, "a", 5000, 3);
	driver_write(driver->target_fd, "b", 900000, 4);
	before = driver_stat(driver->target_fd, "a");
	driver_start(driver);
	driver_files(driver, "", "a b", 0, &outcome);
	check_clean(&outcome);
	after = driver_stat(driver->target_fd, "a");
	assert_int_equal(after.st_ino, before.st_ino);
	driver_check_same(driver, "a");
	driver_check_same(driver, "b");
	driver_check_metadata(driver, "b");
}

static void test_refuses_a_directory_in_the_way(void **state)
{
	struct driver *driver = *state;
	struct outcome outcome;

	driver_write(driver->source_fd, "a", 10, 1);
	assert_int_equal(mkdirat(driver->target_fd, "a", 0755), 0);
	driver_start(driver);
	driver_files(driver, "", "a", 0, &outcome);
	check_failure(&outcome, 0, OPERATION_IS_DIRECTORY, EISDIR);
}

static void test_never_writes_through_a_symlink(void **state)
{
	struct driver *driver = *state;
	struct outcome outcome;

	driver_write(driver->source_fd, "a", 10, 1);
	driver_write(driver->target_fd, "victim", 20, 2);
	assert_int_equal(symlinkat("victim", driver->target_fd, "a"), 0);
	driver_start(driver);
	driver_files(driver, "", "a", 0, &outcome);
	check_failure(&outcome, 0, OPERATION_OPEN_TARGET, ELOOP);
	assert_int_equal(driver_stat(driver->target_fd, "victim").st_size, 20);
	driver_stop(driver);
	driver->options.force = true;
	driver_start(driver);
	driver_files(driver, "", "a", 0, &outcome);
	check_clean(&outcome);
	assert_true(S_ISREG(driver_stat(driver->target_fd, "a").st_mode));
	assert_int_equal(driver_stat(driver->target_fd, "victim").st_size, 20);
}

static void test_never_truncates_the_source(void **state)
{
	struct driver *driver = *state;
	struct outcome outcome;

	driver_write(driver->source_fd, "a", 1000, 1);
	assert_int_equal(linkat(driver->source_fd, "a", driver->target_fd, "a", 0), 0);
	driver_start(driver);
	driver_files(driver, "", "a", 0, &outcome);
	check_failure(&outcome, 0, OPERATION_CREATE, EEXIST);
	assert_int_equal(driver_stat(driver->source_fd, "a").st_size, 1000);
}

static void test_leaves_other_names_of_an_existing_file_alone(void **state)
{
	struct driver *driver = *state;
	struct outcome outcome;

	driver_write(driver->source_fd, "a", 1000, 1);
	driver_write(driver->target_fd, "a", 7, 2);
	assert_int_equal(linkat(driver->target_fd, "a", driver->target_fd, "other", 0), 0);
	driver_start(driver);
	driver_files(driver, "", "a", 0, &outcome);
	check_clean(&outcome);
	driver_check_same(driver, "a");
	assert_int_equal(driver_stat(driver->target_fd, "other").st_size, 7);
}

static void test_skips_existing_files_when_told_so(void **state)
{
	struct driver *driver = *state;
	struct outcome outcome;

	driver_write(driver->source_fd, "a", 1000, 1);
	driver_write(driver->source_fd, "b", 1000, 1);
	driver_write(driver->target_fd, "a", 7, 2);
	driver->options.no_clobber = true;
	driver_start(driver);
	driver_files(driver, "", "a b", 0, &outcome);
	check_clean(&outcome);
	assert_int_equal(outcome.done.files, 1);
	assert_int_equal(driver_counter(driver, HAUL_FILES_SKIPPED), 1);
	assert_int_equal(driver_stat(driver->target_fd, "a").st_size, 7);
	/* What a worker that died had copied was no existing file. */
	driver_files(driver, "", "b", ITEM_RETRIED, &outcome);
	assert_int_equal(outcome.done.files, 1);
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
	check_clean(&outcome);
	assert_int_equal(outcome.done.files, 3);
	assert_int_equal(readlinkat(driver->target_fd, "link", link, sizeof(link)), 10);
	assert_string_equal(link, "to/nowhere");
	driver_check_metadata(driver, "link");
	driver_check_metadata(driver, "fifo");
	driver_check_metadata(driver, "socket");
	/* And over what is there by now. */
	driver_files(driver, "", "link fifo socket", 0, &outcome);
	check_clean(&outcome);
	driver_check_metadata(driver, "fifo");
}

static void test_says_what_it_can_not_copy(void **state)
{
	struct driver *driver = *state;
	struct outcome outcome;

	assert_int_equal(mkfifoat(driver->source_fd, "fifo", 0644), 0);
	driver->options.copy_special = false;
	driver_start(driver);
	driver_files(driver, "", "fifo", 0, &outcome);
	check_failure(&outcome, 0, OPERATION_UNSUPPORTED, EOPNOTSUPP);
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
	check_clean(&outcome);
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
	check_clean(&outcome);
	assert_int_equal(outcome.done.files, 1);
	driver_link(driver, "below/first", "", "second", &outcome);
	check_clean(&outcome);
	driver_link(driver, "below/first", "", "taken", &outcome);
	check_clean(&outcome);
	assert_int_equal(driver_stat(driver->target_fd, "second").st_nlink, 3);
	assert_int_equal(driver_stat(driver->target_fd, "taken").st_ino,
		driver_stat(driver->target_fd, "below/first").st_ino);
	driver_link(driver, "below/missing", "", "third", &outcome);
	check_failure(&outcome, 0, OPERATION_MAKE_LINK, ENOENT);
	driver_link(driver, "below/first", "", "below", &outcome);
	check_failure(&outcome, 0, OPERATION_IS_DIRECTORY, EISDIR);
}

int main(void)
{
	static const struct named_test tests[] = {
		NAMED_TEST(test_says_hello_and_ends_when_hung_up_on),
		NAMED_TEST(test_answers_what_it_drops_when_stopped),
		NAMED_TEST(test_lists_a_directory),
		NAMED_TEST(test_makes_the_directory_for_its_owner_only),
		NAMED_TEST(test_refuses_a_file_where_a_directory_goes),
		NAMED_TEST(test_never_goes_through_a_symlink),
		NAMED_TEST(test_lists_a_long_directory_in_parts),
		NAMED_TEST(test_copies_files_of_all_sizes),
		NAMED_TEST(test_copies_what_the_cache_has_lost),
		NAMED_TEST(test_reports_durable_bytes_after_a_sync),
		NAMED_TEST(test_keeps_mode_owner_and_attributes),
		NAMED_TEST(test_uses_the_umask_when_modes_are_not_kept),
		NAMED_TEST(test_leaves_out_an_inherited_acl),
		NAMED_TEST(test_keeps_holes),
		NAMED_TEST(test_names_the_entry_that_failed),
		NAMED_TEST(test_fails_all_entries_of_a_missing_directory),
		NAMED_TEST(test_does_not_hang_on_a_fifo_in_place_of_a_file),
		NAMED_TEST(test_does_not_follow_a_symlink_in_place_of_a_file),
		NAMED_TEST(test_overwrites_in_place),
		NAMED_TEST(test_refuses_a_directory_in_the_way),
		NAMED_TEST(test_never_writes_through_a_symlink),
		NAMED_TEST(test_never_truncates_the_source),
		NAMED_TEST(test_leaves_other_names_of_an_existing_file_alone),
		NAMED_TEST(test_skips_existing_files_when_told_so),
		NAMED_TEST(test_copies_symlinks_and_special_files),
		NAMED_TEST(test_says_what_it_can_not_copy),
		NAMED_TEST(test_finishes_a_directory),
		NAMED_TEST(test_links_names),
	};

	return driver_run_tests("worker", tests, sizeof(tests) / sizeof(tests[0]));
}
