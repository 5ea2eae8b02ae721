/* SPDX-License-Identifier: MIT */
/* Which job runs when: by number, by stage, and never two on one slow disk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/sysmacros.h>

#include <cmocka.h>

#include "run/run.h"
#include "tests/unit/sysfs_fixture.h"

#define MANY 100

static struct run_job ready(unsigned stage, uint64_t disk, uint64_t other)
{
	struct run_job job = {.state = RUN_READY, .stage = stage};

	if (disk)
		disk_set_add(&job.disks, disk);
	if (other)
		disk_set_add(&job.disks, other);
	return job;
}

static void jobs_start_in_their_order(void **state)
{
	struct run_job job[] = {ready(0, 0, 0), ready(0, 0, 0), ready(0, 0, 0)};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		assert_ptr_equal(schedule_next(job, 3, 2), &job[i]);
		job[i].state = RUN_RUNNING;
	}
	assert_null(schedule_next(job, 3, 2));
	job[1].state = RUN_ENDED;
	assert_ptr_equal(schedule_next(job, 3, 2), &job[2]);
}

static void a_slow_disk_has_one_job(void **state)
{
	struct run_job job[] = {ready(0, 7, 0), ready(0, 7, 0), ready(0, 8, 0), ready(0, 0, 0)};

	(void)state;
	job[0].state = RUN_RUNNING;
	assert_ptr_equal(schedule_next(job, 4, MANY), &job[2]);
	job[2].state = RUN_RUNNING;
	assert_ptr_equal(schedule_next(job, 4, MANY), &job[3]);
	job[3].state = RUN_RUNNING;
	assert_null(schedule_next(job, 4, MANY));
	job[0].state = RUN_ENDED;
	assert_ptr_equal(schedule_next(job, 4, MANY), &job[1]);
}

static void a_job_of_two_disks_is_not_passed_for_ever(void **state)
{
	struct run_job job[] = {ready(0, 7, 0), ready(0, 7, 8), ready(0, 8, 0), ready(0, 9, 0)};

	(void)state;
	job[0].state = RUN_RUNNING;
	assert_ptr_equal(schedule_next(job, 4, MANY), &job[3]);
	job[3].state = RUN_RUNNING;
	assert_null(schedule_next(job, 4, MANY));
	job[0].state = RUN_ENDED;
	assert_ptr_equal(schedule_next(job, 4, MANY), &job[1]);
	job[1].state = RUN_RUNNING;
	assert_null(schedule_next(job, 4, MANY));
}

static void a_stage_waits_for_the_one_before(void **state)
{
	struct run_job job[] = {ready(0, 0, 0), ready(2, 0, 0)};

	(void)state;
	job[0].state = RUN_RUNNING;
	assert_null(schedule_next(job, 2, MANY));
	job[0].state = RUN_ENDED;
	assert_ptr_equal(schedule_next(job, 2, MANY), &job[1]);
}

static void a_disk_that_answers_late_is_waited_for_and_a_dead_one_passed(void **state)
{
	struct run_job job[] = {ready(0, 0, 0), ready(0, 0, 0)};

	(void)state;
	job[0].state = RUN_SURVEYED;
	assert_null(schedule_next(job, 2, MANY));
	job[0].overdue = true;
	assert_ptr_equal(schedule_next(job, 2, MANY), &job[1]);
	job[1].state = RUN_WAITING;
	assert_ptr_equal(schedule_next(job, 2, MANY), &job[1]);
}

static void more_disks_than_fit_exclude_all_others(void **state)
{
	struct disk_set many = {0}, one = {0}, none = {0};

	(void)state;
	for (uint64_t disk = 1; disk <= DISKS_MAX + 1; disk++)
		disk_set_add(&many, disk);
	disk_set_add(&one, 1000);
	assert_true(disk_sets_meet(&many, &one));
	assert_true(disk_sets_meet(&one, &many));
	assert_false(disk_sets_meet(&many, &none));
}

/* ---- what is slow ---- */

static void add_disk(const struct sysfs_fixture *sysfs, const char *name, unsigned minor,
	const char *removable, const char *rotational)
{
	char place[64], text[128], number[16];

	snprintf(place, sizeof(place), "devices/pci/%s", name);
	snprintf(text, sizeof(text), "MAJOR=8\nMINOR=%u\nDEVNAME=%s\nDEVTYPE=disk\n", minor, name);
	sysfs_write(sysfs, text, "%s/uevent", place);
	sysfs_write(sysfs, "2048\n", "%s/size", place);
	sysfs_write(sysfs, removable, "%s/removable", place);
	sysfs_write(sysfs, rotational, "%s/queue/rotational", place);
	snprintf(number, sizeof(number), "8:%u", minor);
	sysfs_write(sysfs, number, "%s/dev", place);
	snprintf(text, sizeof(text), "../../%s", place);
	sysfs_link(sysfs, text, number);
}

static void add_partition(const struct sysfs_fixture *sysfs, const char *disk, unsigned minor)
{
	char place[64], text[128], number[16];

	snprintf(place, sizeof(place), "devices/pci/%s/%s%u", disk, disk, minor % 16);
	snprintf(text, sizeof(text), "MAJOR=8\nMINOR=%u\nDEVNAME=%s%u\nDEVTYPE=partition\n", minor,
		disk, minor % 16);
	sysfs_write(sysfs, text, "%s/uevent", place);
	sysfs_write(sysfs, "1\n", "%s/partition", place);
	sysfs_write(sysfs, "1024\n", "%s/size", place);
	snprintf(number, sizeof(number), "8:%u", minor);
	snprintf(text, sizeof(text), "../../%s", place);
	sysfs_link(sysfs, text, number);
}

static struct disk_set disks_of(const struct sysfs_fixture *sysfs, unsigned minor)
{
	struct disk_set set = {0};

	disk_add_device(sysfs->path, makedev(8, minor), &set);
	return set;
}

static void turning_removable_and_usb_disks_are_slow(void **state)
{
	struct sysfs_fixture sysfs = {0};
	struct disk_set set;

	(void)state;
	sysfs_make(&sysfs);
	add_disk(&sysfs, "sda", 0, "0\n", "0\n");
	add_disk(&sysfs, "sdb", 16, "0\n", "1\n");
	add_disk(&sysfs, "sdc", 32, "1\n", "0\n");
	sysfs_add_disk(&sysfs, "sdd", 48, 2048); /* on USB */
	assert_int_equal(disks_of(&sysfs, 0).count, 0);
	for (unsigned minor = 16; minor <= 48; minor += 16) {
		set = disks_of(&sysfs, minor);
		assert_int_equal(set.count, 1);
		assert_int_equal(set.disk[0], makedev(8, minor));
	}
	assert_int_equal(disks_of(&sysfs, 99).count, 0);
	sysfs_destroy(&sysfs);
}

static void partitions_are_their_disk(void **state)
{
	struct sysfs_fixture sysfs = {0};
	struct disk_set one, other;
	char name[32];

	(void)state;
	sysfs_make(&sysfs);
	add_disk(&sysfs, "sdb", 16, "0\n", "1\n");
	add_partition(&sysfs, "sdb", 17);
	add_partition(&sysfs, "sdb", 18);
	one = disks_of(&sysfs, 17);
	other = disks_of(&sysfs, 18);
	assert_int_equal(one.count, 1);
	assert_true(disk_sets_meet(&one, &other));
	assert_string_equal(disk_name(sysfs.path, one.disk[0], name, sizeof(name)), "sdb");
	sysfs_destroy(&sysfs);
}

static void volumes_are_all_their_disks(void **state)
{
	struct sysfs_fixture sysfs = {0};
	struct disk_set set;

	(void)state;
	sysfs_make(&sysfs);
	add_disk(&sysfs, "sda", 0, "0\n", "0\n");
	add_disk(&sysfs, "sdb", 16, "0\n", "1\n");
	add_partition(&sysfs, "sdb", 17);
	add_disk(&sysfs, "sdc", 32, "0\n", "1\n");
	add_disk(&sysfs, "dm-0", 64, "0\n", "1\n");
	sysfs_write(&sysfs, "8:0\n", "devices/pci/dm-0/slaves/sda/dev");
	sysfs_write(&sysfs, "8:17\n", "devices/pci/dm-0/slaves/sdb1/dev");
	sysfs_write(&sysfs, "8:32\n", "devices/pci/dm-0/slaves/sdc/dev");
	set = disks_of(&sysfs, 64);
	assert_int_equal(set.count, 2);
	assert_true(disk_set_has(&set, makedev(8, 16)));
	assert_true(disk_set_has(&set, makedev(8, 32)));
	sysfs_destroy(&sysfs);
}

static void a_volume_of_itself_ends(void **state)
{
	struct sysfs_fixture sysfs = {0};

	(void)state;
	sysfs_make(&sysfs);
	add_disk(&sysfs, "dm-0", 64, "0\n", "1\n");
	sysfs_write(&sysfs, "8:64\n", "devices/pci/dm-0/slaves/dm-0/dev");
	assert_int_equal(disks_of(&sysfs, 64).count, 0);
	sysfs_destroy(&sysfs);
}

static void a_port_has_one_user_whatever_it_is_called(void **state)
{
	struct disk_set one = {0}, same = {0}, other = {0};

	(void)state;
	disk_add_port("/dev/null", &one);
	disk_add_port("null", &same);
	disk_add_port("/dev/zero", &other);
	assert_true(disk_sets_meet(&one, &same));
	assert_false(disk_sets_meet(&one, &other));
}

static void a_port_that_is_not_there_may_be_any(void **state)
{
	struct disk_set absent = {0}, port = {0}, disk = {0};

	(void)state;
	disk_add_port("serial=there is none", &absent);
	disk_add_port("/dev/null", &port);
	disk_set_add(&disk, makedev(8, 16));
	assert_true(disk_sets_meet(&absent, &port));
	assert_true(disk_sets_meet(&port, &absent));
	assert_true(disk_sets_meet(&absent, &absent));
	assert_false(disk_sets_meet(&absent, &disk));
	assert_false(disk_sets_meet(&disk, &absent));
	disk_set_join(&disk, &absent);
	assert_true(disk_sets_meet(&disk, &port));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jobs_start_in_their_order),
		cmocka_unit_test(a_slow_disk_has_one_job),
		cmocka_unit_test(a_job_of_two_disks_is_not_passed_for_ever),
		cmocka_unit_test(a_stage_waits_for_the_one_before),
		cmocka_unit_test(a_disk_that_answers_late_is_waited_for_and_a_dead_one_passed),
		cmocka_unit_test(more_disks_than_fit_exclude_all_others),
		cmocka_unit_test(turning_removable_and_usb_disks_are_slow),
		cmocka_unit_test(partitions_are_their_disk),
		cmocka_unit_test(volumes_are_all_their_disks),
		cmocka_unit_test(a_volume_of_itself_ends),
		cmocka_unit_test(a_port_has_one_user_whatever_it_is_called),
		cmocka_unit_test(a_port_that_is_not_there_may_be_any),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
