/* SPDX-License-Identifier: MIT */
/* The order of device events, on a sysfs made up for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bpf/attach.h"
#include "bpf/stream.h"
#include "tests/unit/sysfs_fixture.h"

struct story {
	struct sysfs_fixture sysfs;
	struct stream stream;
};

static void begin(struct story *story)
{
	sysfs_make(&story->sysfs);
	assert_int_equal(stream_open(story->sysfs.path, &story->stream), 0);
}

static void end(struct story *story)
{
	stream_close(&story->stream);
	sysfs_destroy(&story->sysfs);
}

static void uevent(struct story *story, enum uevent_action action, unsigned minor)
{
	const struct uevent event = {
		.action = action, .subsystem = "block", .major = 8, .minor = minor};

	assert_int_equal(attach_uevent(&story->stream, &event), 0);
}

static void change(struct story *story, enum mount_change_kind kind, unsigned minor)
{
	const struct mount_info mount = {
		.major = 8,
		.minor = minor,
		.mount_point = "/nowhere/cam",
		.root = "/",
		.fstype = "vfat",
		.source = "/dev/haul-test",
	};
	const struct mount_change news = {.kind = kind, .mount = &mount, .visible = true};

	assert_int_equal(stream_mount_change(&news, &story->stream), 0);
}

/* "attached sdb, ..." */
static void expect(struct story *story, const char *expected)
{
	struct device_event *event;
	char told[512] = "";
	int result;

	while ((result = stream_next(&story->stream, &event)) > 0) {
		size_t used = strlen(told);

		snprintf(told + used, sizeof(told) - used, "%s%s %s", used ? ", " : "",
			device_action_name(event->action),
			event->device ? strrchr(event->device, '/') + 1 : "nothing");
		device_event_free(event);
	}
	assert_int_equal(result, 0);
	assert_string_equal(told, expected);
}

static void a_device_is_attached_before_it_is_mounted(void **state)
{
	struct story story;

	(void)state;
	begin(&story);
	sysfs_add_disk(&story.sysfs, "sdb", 16, 8);
	change(&story, MOUNT_CHANGE_MOUNTED, 16);
	uevent(&story, UEVENT_ADD, 16);
	expect(&story, "attached sdb, mounted sdb");
	end(&story);
}

static void a_device_is_attached_once(void **state)
{
	struct story story;

	(void)state;
	begin(&story);
	sysfs_add_disk(&story.sysfs, "sdb", 16, 8);
	uevent(&story, UEVENT_ADD, 16);
	uevent(&story, UEVENT_CHANGE, 16);
	uevent(&story, UEVENT_ADD, 16);
	expect(&story, "attached sdb");
	end(&story);
}

static void a_device_without_a_medium_waits_for_one(void **state)
{
	struct story story;

	(void)state;
	begin(&story);
	sysfs_add_disk(&story.sysfs, "sdb", 16, 0);
	uevent(&story, UEVENT_ADD, 16);
	expect(&story, "");
	sysfs_write(&story.sysfs, "8\n", "devices/usb1/sdb/size");
	uevent(&story, UEVENT_CHANGE, 16);
	expect(&story, "attached sdb");
	sysfs_write(&story.sysfs, "0\n", "devices/usb1/sdb/size");
	uevent(&story, UEVENT_CHANGE, 16);
	expect(&story, "detached sdb");
	end(&story);
}

static void another_medium_is_another_device(void **state)
{
	struct story story;

	(void)state;
	begin(&story);
	sysfs_add_disk(&story.sysfs, "sdb", 16, 8);
	uevent(&story, UEVENT_ADD, 16);
	sysfs_write(&story.sysfs, "8\n", "devices/usb1/sdb/diskseq");
	uevent(&story, UEVENT_CHANGE, 16);
	expect(&story, "attached sdb, detached sdb, attached sdb");
	end(&story);
}

static void a_device_that_is_pulled_while_mounted_keeps_its_name(void **state)
{
	struct story story;

	(void)state;
	begin(&story);
	sysfs_add_disk(&story.sysfs, "sdb", 16, 8);
	uevent(&story, UEVENT_ADD, 16);
	change(&story, MOUNT_CHANGE_MOUNTED, 16);
	expect(&story, "attached sdb, mounted sdb");
	sysfs_remove(&story.sysfs, 16);
	uevent(&story, UEVENT_REMOVE, 16);
	change(&story, MOUNT_CHANGE_UNMOUNTED, 16);
	expect(&story, "detached sdb, unmounted sdb");
	assert_int_equal(story.stream.devices.count, 0);
	end(&story);
}

static void a_lost_burst_is_repaired_by_a_scan(void **state)
{
	struct story story;

	(void)state;
	begin(&story);
	sysfs_add_disk(&story.sysfs, "sdb", 16, 8);
	sysfs_add_partition(&story.sysfs, "sdb", 17, 4);
	assert_int_equal(attach_scan(&story.stream), 0);
	expect(&story, "attached sdb, attached sdb1");
	sysfs_remove(&story.sysfs, 17);
	sysfs_add_disk(&story.sysfs, "sdc", 32, 8);
	assert_int_equal(attach_scan(&story.stream), 0);
	expect(&story, "attached sdc, detached sdb1");
	assert_int_equal(attach_scan(&story.stream), 0);
	expect(&story, "");
	end(&story);
}

/* Its node doesn't exist, so nothing can be said about it. */
static void what_can_not_be_looked_at_is_not_released(void **state)
{
	struct story story;

	(void)state;
	begin(&story);
	sysfs_add_disk(&story.sysfs, "haul-test-disk", 16, 8);
	uevent(&story, UEVENT_ADD, 16);
	change(&story, MOUNT_CHANGE_MOUNTED, 16);
	change(&story, MOUNT_CHANGE_UNMOUNTED, 16);
	expect(&story, "attached haul-test-disk, mounted haul-test-disk, unmounted haul-test-disk");
	assert_int_equal(stream_check(&story.stream, UINT64_MAX / 2), 0);
	expect(&story, "");
	end(&story);
}

static void serial_ports_come_and_go(void **state)
{
	struct uevent event = {
		.action = UEVENT_ADD,
		.subsystem = "tty",
		.device_name = "ttyUSB0",
		.major = 188,
	};
	struct story story;

	(void)state;
	begin(&story);
	assert_int_equal(attach_uevent(&story.stream, &event), 0);
	event.action = UEVENT_REMOVE;
	assert_int_equal(attach_uevent(&story.stream, &event), 0);
	expect(&story, "attached ttyUSB0, detached ttyUSB0");
	end(&story);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_is_attached_before_it_is_mounted),
		cmocka_unit_test(a_device_is_attached_once),
		cmocka_unit_test(a_device_without_a_medium_waits_for_one),
		cmocka_unit_test(another_medium_is_another_device),
		cmocka_unit_test(a_device_that_is_pulled_while_mounted_keeps_its_name),
		cmocka_unit_test(a_lost_burst_is_repaired_by_a_scan),
		cmocka_unit_test(what_can_not_be_looked_at_is_not_released),
		cmocka_unit_test(serial_ports_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
