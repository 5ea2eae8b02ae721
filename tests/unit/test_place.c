/* SPDX-License-Identifier: MIT */
#include "tests/unit/sysfs_fixture.h"

#include <linux/magic.h>
#include <sys/sysmacros.h>

#include "job/place.h"

struct world {
	struct sysfs_fixture sysfs;
	char mountinfo[128];
};

static int set_up(void **state)
{
	static struct world world;

	sysfs_make(&world.sysfs);
	sysfs_write(&world.sysfs,
		"22 1 8:1 / /media/stick rw,noatime - vfat /dev/sdb1 rw\n"
		"23 1 254:0 / / rw shared:1 - ext4 /dev/vda rw\n"
		"24 1 0:31 / /tmp rw - tmpfs tmpfs rw,size=1g\n",
		"mountinfo");
	snprintf(world.mountinfo, sizeof(world.mountinfo), "%s/mountinfo", world.sysfs.path);
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	sysfs_destroy(&world->sysfs);
	return 0;
}

static struct place describe(const struct world *world, dev_t device, uint64_t type)
{
	struct place place;

	place_describe(world->sysfs.path, world->mountinfo, device, type, &place);
	return place;
}

static void a_partition_of_a_stick_is_removable(void **state)
{
	struct world *world = *state;
	struct place place;

	sysfs_add_disk(&world->sysfs, "sdb", 0, 1000);
	sysfs_add_partition(&world->sysfs, "sdb", 1, 900);
	place = describe(world, makedev(8, 1), MSDOS_SUPER_MAGIC);
	assert_true(place.removable);
	assert_false(place.in_memory);
	assert_string_equal(place.name, "vfat on /dev/sdb1");
}

static void a_card_is_removable_wherever_its_reader_is(void **state)
{
	struct world *world = *state;

	sysfs_write(&world->sysfs, "1\n", "devices/pci0/mmc/removable");
	sysfs_write(&world->sysfs, "1\n", "devices/pci0/mmc/part1/partition");
	sysfs_link(&world->sysfs, "../../devices/pci0/mmc/part1", "179:1");
	assert_true(describe(world, makedev(179, 1), EXT4_SUPER_MAGIC).removable);
}

static void a_fixed_disk_is_not(void **state)
{
	struct world *world = *state;
	struct place place;

	sysfs_write(&world->sysfs, "0\n", "devices/pci0/vda/removable");
	sysfs_link(&world->sysfs, "../../devices/pci0/vda", "254:0");
	place = describe(world, makedev(254, 0), EXT4_SUPER_MAGIC);
	assert_false(place.removable);
	assert_string_equal(place.name, "ext4 on /dev/vda");
}

static void memory_has_no_device(void **state)
{
	struct place place = describe(*state, makedev(0, 31), TMPFS_MAGIC);

	assert_true(place.in_memory);
	assert_string_equal(place.name, "tmpfs");
}

static void what_is_unknown_has_a_number(void **state)
{
	struct place place = describe(*state, makedev(0, 77), NFS_SUPER_MAGIC);

	assert_true(place.served);
	assert_false(place.removable);
	assert_string_equal(place.name, "device 0:77");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_partition_of_a_stick_is_removable),
		cmocka_unit_test(a_card_is_removable_wherever_its_reader_is),
		cmocka_unit_test(a_fixed_disk_is_not),
		cmocka_unit_test(memory_has_no_device),
		cmocka_unit_test(what_is_unknown_has_a_number),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
