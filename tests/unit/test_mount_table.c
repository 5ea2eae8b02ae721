/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bpf/mount_table.h"
#include "bpf/statmount.h"

static const char text[] =
	"36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue\n"
	"25 1 0:23 / /with\\040blank\\134and\\011tab rw - fuse.sshfs me@there:/a\\040b rw\n"
	"24 1 8:1 /@sub /x rw shared:2 master:3 propagate_from:4 - btrfs /dev/sda1 rw\n";

static void a_line_becomes_a_mount(void **state)
{
	struct mount_table table;
	const struct mount_info *mount;

	(void)state;
	assert_int_equal(mount_table_parse(text, &table), 0);
	assert_int_equal(table.count, 3);
	mount = &table.mount[2];
	assert_int_equal(mount->id, 36);
	assert_int_equal(mount->major, 98);
	assert_int_equal(mount->minor, 0);
	assert_string_equal(mount->root, "/mnt1");
	assert_string_equal(mount->mount_point, "/mnt2");
	assert_string_equal(mount->fstype, "ext3");
	assert_string_equal(mount->source, "/dev/root");
	mount_table_free(&table);
}

static void mounts_are_in_the_order_of_their_ids(void **state)
{
	struct mount_table table;

	(void)state;
	assert_int_equal(mount_table_parse(text, &table), 0);
	assert_int_equal(table.mount[0].id, 24);
	assert_string_equal(table.mount[0].fstype, "btrfs");
	assert_string_equal(table.mount[0].source, "/dev/sda1");
	assert_int_equal(table.mount[1].id, 25);
	mount_table_free(&table);
}

static void what_takes_no_writes_is_known(void **state)
{
	static const char lines[] = "1 0 8:1 / /a rw - ext4 /dev/a rw,emergency_ro\n"
				    "2 0 8:1 / /b ro,noatime - ext4 /dev/a rw,errors=remount-ro\n"
				    "3 0 8:1 / /c rw - ext4 /dev/a rw,errors=remount-ro\n"
				    "4 0 8:1 / /d rw - ext4 /dev/a relatime,ro\n";
	static const bool expected[] = {true, true, false, true};
	struct mount_table table;

	(void)state;
	assert_int_equal(mount_table_parse(lines, &table), 0);
	assert_int_equal(table.count, 4);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(table.mount[i].unwritable, expected[i]);
	mount_table_free(&table);
}

static void escapes_are_undone(void **state)
{
	struct mount_table table;

	(void)state;
	assert_int_equal(mount_table_parse(text, &table), 0);
	assert_string_equal(table.mount[1].mount_point, "/with blank\\and\ttab");
	assert_string_equal(table.mount[1].fstype, "fuse.sshfs");
	assert_string_equal(table.mount[1].source, "me@there:/a b");
	mount_table_free(&table);
}

static void what_is_no_mountinfo_is_refused(void **state)
{
	static const char *const wrong[] = {"x", "36 35 98:0 / /mnt rw\n", " - \n",
		"36 35 98:0 / /mnt rw - \n", "36 35 980 / /mnt rw - ext4 /dev/x rw\n"};
	struct mount_table table = {.count = 7};

	(void)state;
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(mount_table_parse(wrong[i], &table), -EPROTO);
		assert_int_equal(table.count, 7);
	}
	assert_int_equal(mount_table_parse("", &table), 0);
	assert_int_equal(table.count, 0);
}

static const struct mount_info *find(const struct mount_table *table, const struct mount_info *same)
{
	for (size_t i = 0; i < table->count; i++) {
		if (strcmp(table->mount[i].mount_point, same->mount_point) == 0 &&
			strcmp(table->mount[i].fstype, same->fstype) == 0 &&
			strcmp(table->mount[i].source, same->source) == 0 &&
			strcmp(table->mount[i].root, same->root) == 0 &&
			table->mount[i].major == same->major &&
			table->mount[i].minor == same->minor)
			return &table->mount[i];
	}
	return NULL;
}

static void both_readers_see_the_same(void **state)
{
	struct mount_table calls, lines;
	int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);

	(void)state;
	if (!statmount_works())
		skip();
	assert_true(fd >= 0);
	assert_int_equal(mount_table_read(MOUNT_READER_STATMOUNT, -1, &calls), 0);
	assert_int_equal(mount_table_read(MOUNT_READER_MOUNTINFO, fd, &lines), 0);
	close(fd);
	assert_true(calls.count > 0);
	assert_int_equal(calls.count, lines.count);
	for (size_t i = 0; i < lines.count; i++)
		assert_non_null(find(&calls, &lines.mount[i]));
	mount_table_free(&calls);
	mount_table_free(&lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_becomes_a_mount),
		cmocka_unit_test(mounts_are_in_the_order_of_their_ids),
		cmocka_unit_test(what_takes_no_writes_is_known),
		cmocka_unit_test(escapes_are_undone),
		cmocka_unit_test(what_is_no_mountinfo_is_refused),
		cmocka_unit_test(both_readers_see_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
