/* SPDX-License-Identifier: MIT */
#include "job/eject.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bpf/block.h"
#include "job/coordinator.h"
#include "util/quote.h"

/* What the target is on: an argument that is a link to a directory means the directory. */
static int find_mount(const char *target, uint64_t *ret_mount)
{
	struct stat status;
	bool directory = !stat(target, &status) && S_ISDIR(status.st_mode);
	struct statx place;

	if (statx(AT_FDCWD, target, directory ? 0 : AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &place))
		return -errno;
	*ret_mount = place.stx_mnt_id;
	return 0;
}

static int find_volume(const char *target, struct volume_table *table, unsigned *ret_index)
{
	struct mount_table mounts = {0};
	uint64_t mount;
	int error = find_mount(target, &mount);

	if (!error)
		error = volume_table_open(table);
	if (!error)
		error = volume_table_read(table, &mounts);
	if (!error)
		error = volume_table_add(table, &mounts, mount, true, ret_index);
	mount_table_free(&mounts);
	return error;
}

/* The disk that a hand can pull: the whole one, also when a partition was mounted. "": none. */
static void find_disk(const struct volume *volume, char *ret_path, size_t capacity)
{
	struct block block;
	int error = block_read("/sys", volume->major, volume->minor, &block);

	if (!error)
		error = block_read("/sys", block.disk_major, block.disk_minor, &block);
	snprintf(ret_path, capacity, "%s%s", error ? "" : "/dev/", error ? "" : block.name);
}

/* Nobody can have it for himself while any of it is mounted, here or in another namespace. */
static int claim(const char *disk)
{
	int fd = open(disk, O_RDONLY | O_EXCL | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static void tell_unmounted(
	struct job *job, const struct volume *volume, const char *place, const char *disk)
{
	int error;

	absence_tell(job, volume, DEVICE_UNMOUNTED);
	if (!*disk) {
		notify(job, "%s is unmounted", place);
		return;
	}
	error = claim(disk);
	if (error) {
		diagnose(job, "%s is unmounted, but %s may not be pulled out yet: %s", place, disk,
			strerror(-error));
		return;
	}
	absence_tell(job, volume, DEVICE_RELEASED);
	notify(job, "%s is unmounted: %s may be pulled out", place, disk);
}

static void unmount(struct job *job, const struct volume *volume, const char *place)
{
	char disk[BLOCK_NAME_BYTES + sizeof("/dev/")];

	/* Some devices go with their last mount. */
	find_disk(volume, disk, sizeof(disk));
	if (chdir("/") || umount2(volume->mount.mount_point, UMOUNT_NOFOLLOW))
		diagnose(job, "cannot unmount %s: %s", place, strerror(errno));
	else
		tell_unmounted(job, volume, place, disk);
}

void eject_target(struct job *job)
{
	const char *target = job->request->target;
	struct volume_table table = {.mountinfo_fd = VOLUME_NO_FD};
	char *place = malloc(QUOTE_BYTES);
	const struct volume *volume;
	unsigned index = 0;
	int error = place ? find_volume(target, &table, &index) : -ENOMEM;

	if (!error) {
		volume = &table.volume[index];
		quote_name(volume->mount.mount_point, place, QUOTE_BYTES);
		unmount(job, volume, place);
	} else {
		diagnose(job, "cannot find what to unmount: %s", strerror(-error));
	}
	volume_table_close(&table);
	free(place);
}
