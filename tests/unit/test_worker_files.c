/* SPDX-License-Identifier: MIT */
#include <sys/xattr.h>

#include "tests/unit/worker_driver.h"

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
	driver_check_clean(&outcome);
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
	driver_check_clean(&outcome);
	driver_check_same(driver, "small");
	driver_check_same(driver, "big");
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
	driver_check_clean(&outcome);
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
	driver_check_clean(&outcome);
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
	driver_check_clean(&outcome);
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
	driver_check_clean(&outcome);
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
	driver_check_failure(&outcome, 1, OPERATION_STAT_SOURCE, ENOENT);
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
	driver_check_failure(&outcome, 0, OPERATION_SOURCE_REPLACED, 0);
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

static void test_copies_files_that_are_said_to_be_longer(void **state)
{
	struct driver *driver = *state;
	struct outcome outcome;

	close(driver->source_fd);
	driver->source_fd = open("/sys/kernel", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!driver_exists(driver->source_fd, "uevent_seqnum"))
		skip();
	driver_start(driver);
	driver_files(driver, "", "uevent_seqnum", 0, &outcome);
	driver_check_clean(&outcome);
	driver_check_same(driver, "uevent_seqnum");
}

static void test_copies_files_that_are_said_to_be_empty(void **state)
{
	struct driver *driver = *state;
	struct outcome outcome;

	close(driver->source_fd);
	driver->source_fd = open("/proc/sys/kernel", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	driver_start(driver);
	driver_files(driver, "", "osrelease", 0, &outcome);
	driver_check_clean(&outcome);
	driver_check_same(driver, "osrelease");
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
	driver_check_clean(&outcome);
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
	driver_check_failure(&outcome, 0, OPERATION_IS_DIRECTORY, EISDIR);
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
	driver_check_failure(&outcome, 0, OPERATION_SYMLINK_IN_TREE, ELOOP);
	assert_int_equal(driver_stat(driver->target_fd, "victim").st_size, 20);
	driver_stop(driver);
	driver->options.force = true;
	driver_start(driver);
	driver_files(driver, "", "a", 0, &outcome);
	driver_check_clean(&outcome);
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
	driver_check_failure(&outcome, 0, OPERATION_SAME_FILE, EEXIST);
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
	driver_check_clean(&outcome);
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
	driver->options.update = UPDATE_NONE;
	driver_start(driver);
	driver_files(driver, "", "a b", 0, &outcome);
	driver_check_clean(&outcome);
	assert_int_equal(outcome.done.files, 1);
	assert_int_equal(driver_counter(driver, HAUL_FILES_SKIPPED), 1);
	assert_int_equal(driver_stat(driver->target_fd, "a").st_size, 7);
	/* What a worker that died had copied was no existing file. */
	driver_files(driver, "", "b", ITEM_RETRIED, &outcome);
	assert_int_equal(outcome.done.files, 1);
}

static void test_does_not_write_again_what_a_dead_worker_finished(void **state)
{
	struct driver *driver = *state;
	struct stat before, after;
	struct outcome outcome;

	driver_write(driver->source_fd, "a", 1000, 1);
	driver_write(driver->source_fd, "b", 500000, 2);
	driver_start(driver);
	driver_files(driver, "", "a b", 0, &outcome);
	before = driver_stat(driver->target_fd, "b");
	driver_files(driver, "", "a b", ITEM_RETRIED, &outcome);
	driver_check_clean(&outcome);
	assert_int_equal(outcome.done.files, 2);
	assert_int_equal(outcome.done.bytes_accepted, 501000);
	after = driver_stat(driver->target_fd, "b");
	assert_int_equal(after.st_ino, before.st_ino);
	assert_int_equal(after.st_ctim.tv_nsec, before.st_ctim.tv_nsec);
}

int main(void)
{
	static const struct named_test tests[] = {
		NAMED_TEST(test_copies_files_of_all_sizes),
		NAMED_TEST(test_copies_what_the_cache_has_lost),
		NAMED_TEST(test_keeps_mode_owner_and_attributes),
		NAMED_TEST(test_uses_the_umask_when_modes_are_not_kept),
		NAMED_TEST(test_leaves_out_an_inherited_acl),
		NAMED_TEST(test_keeps_holes),
		NAMED_TEST(test_names_the_entry_that_failed),
		NAMED_TEST(test_fails_all_entries_of_a_missing_directory),
		NAMED_TEST(test_does_not_hang_on_a_fifo_in_place_of_a_file),
		NAMED_TEST(test_does_not_follow_a_symlink_in_place_of_a_file),
		NAMED_TEST(test_copies_files_that_are_said_to_be_longer),
		NAMED_TEST(test_copies_files_that_are_said_to_be_empty),
		NAMED_TEST(test_does_not_write_again_what_a_dead_worker_finished),
		NAMED_TEST(test_overwrites_in_place),
		NAMED_TEST(test_refuses_a_directory_in_the_way),
		NAMED_TEST(test_never_writes_through_a_symlink),
		NAMED_TEST(test_never_truncates_the_source),
		NAMED_TEST(test_leaves_other_names_of_an_existing_file_alone),
		NAMED_TEST(test_skips_existing_files_when_told_so),
	};

	return driver_run_tests("files", tests, sizeof(tests) / sizeof(tests[0]));
}
