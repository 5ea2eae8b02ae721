/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bpf/block.h"
#include "bpf/identity.h"
#include "tests/unit/sysfs_fixture.h"

static void a_disk_is_described(void **state)
{
	struct sysfs_fixture sysfs = {0};
	struct block block;

	(void)state;
	sysfs_make(&sysfs);
	sysfs_add_disk(&sysfs, "sdb", 16, 2048);
	assert_int_equal(block_read(sysfs.path, 8, 16, &block), 0);
	assert_string_equal(block.name, "sdb");
	assert_int_equal(block.size_bytes, 2048 * 512);
	assert_int_equal(block.generation, 7);
	assert_int_equal(block.disk_minor, 16);
	assert_true(block.removable);
	assert_true(block.usb);
	sysfs_destroy(&sysfs);
}

static void a_partition_knows_its_disk(void **state)
{
	struct sysfs_fixture sysfs = {0};
	struct block block;

	(void)state;
	sysfs_make(&sysfs);
	sysfs_add_disk(&sysfs, "sdb", 16, 2048);
	sysfs_add_partition(&sysfs, "sdb", 17, 1024);
	assert_int_equal(block_read(sysfs.path, 8, 17, &block), 0);
	assert_string_equal(block.name, "sdb1");
	assert_int_equal(block.disk_major, 8);
	assert_int_equal(block.disk_minor, 16);
	assert_int_equal(block.generation, 7);
	assert_true(block.removable);
	sysfs_destroy(&sysfs);
}

static void what_holds_nothing_is_no_device(void **state)
{
	struct sysfs_fixture sysfs = {0};
	struct block block;

	(void)state;
	sysfs_make(&sysfs);
	sysfs_add_disk(&sysfs, "sdc", 32, 0);   /* a card reader without a card */
	sysfs_add_disk(&sysfs, "loop3", 48, 8); /* never attached, or not any more */
	assert_int_equal(block_read(sysfs.path, 8, 32, &block), -ENODEV);
	assert_int_equal(block_read(sysfs.path, 8, 48, &block), -ENODEV);
	assert_int_equal(block_read(sysfs.path, 8, 99, &block), -ENODEV);
	sysfs_write(&sysfs, "/some/file\n", "devices/usb1/loop3/loop/backing_file");
	assert_int_equal(block_read(sysfs.path, 8, 48, &block), 0);
	sysfs_destroy(&sysfs);
}

static int collect(const struct block *block, void *context)
{
	strcat(context, block->name);
	strcat(context, " ");
	return 0;
}

static void disks_come_before_their_partitions(void **state)
{
	struct sysfs_fixture sysfs = {0};
	char names[64] = "";

	(void)state;
	sysfs_make(&sysfs);
	sysfs_add_disk(&sysfs, "sdb", 16, 8);
	sysfs_add_partition(&sysfs, "sdb", 17, 4);
	sysfs_add_disk(&sysfs, "sda", 0, 8);
	sysfs_add_partition(&sysfs, "sda", 1, 4);
	assert_int_equal(block_each(sysfs.path, collect, names), 0);
	assert_string_equal(names, "sda sdb sda1 sdb1 ");
	sysfs_destroy(&sysfs);
}

static void activity_is_what_was_written(void **state)
{
	struct sysfs_fixture sysfs = {0};
	struct block_activity activity;

	(void)state;
	sysfs_make(&sysfs);
	sysfs_add_disk(&sysfs, "sdb", 16, 8);
	assert_int_equal(block_activity_read(sysfs.path, 8, 16, &activity), 0);
	assert_int_equal(activity.sectors_written, 77);
	assert_int_equal(activity.in_flight, 9);
	sysfs_destroy(&sysfs);
}

static void udev_is_believed(void **state)
{
	struct sysfs_fixture sysfs = {0};
	struct identity identity;

	(void)state;
	sysfs_make(&sysfs);
	sysfs_write(&sysfs,
		"S:disk/by-label/CAM\nE:ID_FS_TYPE=vfat\nE:ID_FS_UUID=12AB-34CD\n"
		"E:ID_FS_LABEL=CAM_1\nE:ID_FS_LABEL_ENC=CAM\\x201\n",
		"b8:17");
	assert_int_equal(identity_udev(sysfs.path, 8, 17, &identity), 0);
	assert_string_equal(identity.fstype, "vfat");
	assert_string_equal(identity.uuid, "12AB-34CD");
	assert_string_equal(identity.label, "CAM 1");
	assert_int_equal(identity_udev(sysfs.path, 8, 18, &identity), -ENOENT);
	sysfs_destroy(&sysfs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_disk_is_described),
		cmocka_unit_test(a_partition_knows_its_disk),
		cmocka_unit_test(what_holds_nothing_is_no_device),
		cmocka_unit_test(disks_come_before_their_partitions),
		cmocka_unit_test(activity_is_what_was_written),
		cmocka_unit_test(udev_is_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
