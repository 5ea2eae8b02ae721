/* SPDX-License-Identifier: MIT */
#include "job/volume.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "bpf/block.h"
#include "bpf/uevent.h"
#include "job/media_check.h"
#include "util/quote.h"

#define SYSFS "/sys"

/* A pulled USB stick: the first error comes up to 150 ms before sysfs shows why. */
#define PATIENCE_MS 500
#define LOOK_MS     10

int volume_table_open(struct volume_table *table)
{
	*table = (struct volume_table){
		.mountinfo_fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC),
	};
	if (table->mountinfo_fd < 0)
		return -errno;
	/* Without them, errors and the mount table tell, later. */
	if (uevent_open(&table->uevents))
		table->uevents = NULL;
	return 0;
}

void volume_table_close(struct volume_table *table)
{
	volume_table_clear(table);
	if (table->mountinfo_fd > 0)
		close(table->mountinfo_fd);
	uevent_close(table->uevents);
	*table = (struct volume_table){.mountinfo_fd = VOLUME_NO_FD};
}

void volume_table_clear(struct volume_table *table)
{
	for (unsigned i = 0; i < table->count; i++)
		mount_info_free(&table->volume[i].mount);
	free(table->volume);
	table->volume = NULL;
	table->count = 0;
}

int volume_table_uevent_fd(const struct volume_table *table)
{
	return table->uevents ? uevent_fd(table->uevents) : VOLUME_NO_FD;
}

int volume_table_read(const struct volume_table *table, struct mount_table *ret_mounts)
{
	return mount_table_read(MOUNT_READER_MOUNTINFO, table->mountinfo_fd, ret_mounts);
}

void volume_table_drain(struct volume_table *table)
{
	struct pollfd change = {.fd = table->mountinfo_fd, .events = POLLPRI};
	struct uevent unused;

	/* Asking is what takes the mount table's news off. */
	(void)poll(&change, 1, 0);
	while (table->uevents) {
		int error = uevent_next(table->uevents, &unused);

		/* What was lost does not matter: sysfs is looked at, not the message. */
		if (error && error != -ENOBUFS)
			break;
	}
}

/* ---- which it is ---- */

/* A filesystem on several devices has no number of its own: its source names one of them. */
static void find_device(struct volume *volume)
{
	const struct mount_info *mount = &volume->mount;
	struct block block;
	struct stat status;

	volume->major = mount->major;
	volume->minor = mount->minor;
	if (!mount->major && mount->source[0] == '/' && !stat(mount->source, &status) &&
		S_ISBLK(status.st_mode)) {
		volume->major = major(status.st_rdev);
		volume->minor = minor(status.st_rdev);
	}
	if (!volume->major || block_read(SYSFS, volume->major, volume->minor, &block)) {
		volume->major = 0;
		return;
	}
	volume->generation = block.generation;
	snprintf(volume->device, sizeof(volume->device), "/dev/%s", block.name);
}

/* The filesystem itself is asked first: that is quick, and a busy device isn't read. */
static void identify(const char *device, uint32_t major, uint32_t minor, const char *mount_point,
	struct identity *ret_identity)
{
	struct identity identity;

	*ret_identity = (struct identity){0};
	if (!identity_ask(mount_point, &identity) && identity.uuid[0])
		*ret_identity = identity;
	else if (!identity_udev(IDENTITY_UDEV_DIRECTORY, major, minor, &identity) ||
		 !identity_probe(device, &identity))
		*ret_identity = identity;
}

static const struct mount_info *mount_of_id(const struct mount_table *mounts, uint64_t id)
{
	for (size_t i = 0; i < mounts->count; i++)
		if (mounts->mount[i].id == id)
			return &mounts->mount[i];
	return NULL;
}

/* STATX_MNT_ID_UNIQUE of <linux/stat.h>, which older headers lack. */
#define MOUNT_ID_UNIQUE 0x4000u

static uint64_t unique_id(const struct mount_info *mount)
{
	struct statx status;

	if (statx(AT_FDCWD, mount->mount_point, AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC,
		    MOUNT_ID_UNIQUE, &status) ||
		!(status.stx_mask & MOUNT_ID_UNIQUE))
		return 0;
	return status.stx_mnt_id;
}

static int fill(struct volume *volume, const struct mount_info *mount)
{
	int error = mount_info_copy(mount, &volume->mount);

	if (error)
		return error;
	volume->unique_id = unique_id(mount);
	find_device(volume);
	if (volume->major)
		identify(volume->device, volume->major, volume->minor, mount->mount_point,
			&volume->identity);
	return 0;
}

int volume_table_add(struct volume_table *table, const struct mount_table *mounts,
	uint64_t mount_id, bool written, unsigned *ret_index)
{
	const struct mount_info *mount = mount_of_id(mounts, mount_id);
	struct volume *grown;
	int error;

	if (!mount)
		return -ENOENT;
	for (unsigned i = 0; i < table->count; i++) {
		if (table->volume[i].mount.id != mount_id)
			continue;
		table->volume[i].written = table->volume[i].written || written;
		*ret_index = i;
		return 0;
	}
	grown = reallocarray(table->volume, table->count + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	table->volume = grown;
	grown[table->count] = (struct volume){.written = written};
	error = fill(&grown[table->count], mount);
	if (error)
		return error;
	*ret_index = table->count++;
	return 0;
}

/* On the network or in another program: their address is all that they have. What lives in memory
 * is not the same when it comes back. */
static bool has_address(const struct mount_info *mount)
{
	return strncmp(mount->fstype, "nfs", 3) == 0 || strcmp(mount->fstype, "cifs") == 0 ||
	       strcmp(mount->fstype, "9p") == 0 || strncmp(mount->fstype, "fuse.", 5) == 0;
}

bool volume_is_known(const struct volume *volume)
{
	return volume->identity.uuid[0] || has_address(&volume->mount);
}

/* ---- whether it is there ---- */

static bool is_attached(const struct volume *volume)
{
	struct block block;

	if (!volume->major)
		return true;
	return !block_read(SYSFS, volume->major, volume->minor, &block) &&
	       block.generation == volume->generation;
}

static enum volume_state look(const struct volume *volume, const struct mount_table *mounts)
{
	const struct mount_info *mount = mount_of_id(mounts, volume->mount.id);

	if (!is_attached(volume))
		return VOLUME_DETACHED;
	/* Numbers of mounts are used again. */
	if (!mount || mount->major != volume->mount.major || mount->minor != volume->mount.minor)
		return VOLUME_UNMOUNTED;
	if (volume->written && mount->unwritable && !volume->mount.unwritable)
		return VOLUME_READ_ONLY;
	return VOLUME_PRESENT;
}

bool volume_table_look(struct volume_table *table)
{
	struct mount_table mounts;
	bool lost = false;

	if (!table->count || volume_table_read(table, &mounts))
		return false;
	for (unsigned i = 0; i < table->count; i++) {
		table->volume[i].state = look(&table->volume[i], &mounts);
		lost = lost || table->volume[i].state != VOLUME_PRESENT;
	}
	mount_table_free(&mounts);
	return lost;
}

bool volume_error_is_grave(int error)
{
	switch (error) {
	case EIO:
	case ENODEV:
	case ENXIO:
	case ENOTCONN:
	case ECONNABORTED:
	case ESHUTDOWN:
	case EROFS:
		return true;
	default:
		return false;
	}
}

static bool check_media(struct volume_table *table, int error)
{
	bool lost = false;

	for (unsigned i = 0; i < table->count; i++) {
		struct volume *volume = &table->volume[i];

		if (error == EROFS && volume->written && !volume->mount.unwritable &&
			media_is_read_only(volume->mount.mount_point))
			volume->state = VOLUME_READ_ONLY;
		else if (media_is_dead(volume->mount.mount_point, volume->device))
			volume->state = VOLUME_DEAD;
		lost = lost || volume->state != VOLUME_PRESENT;
	}
	return lost;
}

static bool waits_for_look(struct volume_table *table)
{
	struct pollfd news[] = {
		{.fd = table->mountinfo_fd, .events = POLLPRI},
		{.fd = volume_table_uevent_fd(table), .events = POLLIN},
	};

	/* Whatever woke it, the next look finds it. */
	return poll(news, 2, LOOK_MS) >= 0 || errno == EINTR;
}

bool volume_table_examine(struct volume_table *table, int error, bool patient)
{
	unsigned looks = patient ? PATIENCE_MS / LOOK_MS : 1;

	if (!table->count || !volume_error_is_grave(error))
		return false;
	if (volume_table_look(table) || check_media(table, error))
		return true;
	while (--looks > 0 && waits_for_look(table)) {
		volume_table_drain(table);
		if (volume_table_look(table))
			return true;
	}
	return patient && check_media(table, error);
}

/* ---- where it has come back ---- */

static bool is_same_filesystem(const struct volume *volume, const struct mount_info *mount)
{
	struct volume other = {.mount = *mount};

	if (strcmp(mount->fstype, volume->mount.fstype) != 0)
		return false;
	if (!volume->identity.uuid[0])
		return strcmp(mount->source, volume->mount.source) == 0;
	find_device(&other);
	if (!other.major)
		return false;
	identify(other.device, other.major, other.minor, mount->mount_point, &other.identity);
	return strcmp(other.identity.uuid, volume->identity.uuid) == 0;
}

static bool is_usable(const struct volume *volume, const struct mount_info *mount)
{
	return !(volume->written && mount->unwritable && !volume->mount.unwritable) &&
	       !media_is_dead(mount->mount_point, "");
}

/* The mount that the volume was lost on, which is still there. */
static bool is_where_lost(const struct volume *volume, const struct mount_info *mount)
{
	uint64_t id;

	if (volume->state == VOLUME_UNMOUNTED || mount->id != volume->mount.id)
		return false;
	id = unique_id(mount);
	return !id || !volume->unique_id || id == volume->unique_id;
}

/* The youngest is on top, where several are at one place. */
const struct mount_info *volume_find(
	const struct volume *volume, const struct mount_table *mounts, bool same)
{
	if (!volume_is_known(volume))
		return NULL;
	for (size_t i = mounts->count; i-- > 0;) {
		const struct mount_info *mount = &mounts->mount[i];

		/* One that was made read-only may be made writable again. */
		if (!same && volume->state != VOLUME_READ_ONLY && is_where_lost(volume, mount))
			continue;
		if (is_same_filesystem(volume, mount) && is_usable(volume, mount))
			return mount;
	}
	return NULL;
}

/* ---- words ---- */

void volume_describe(const struct volume *volume, char *ret_text, size_t capacity)
{
	static const char *const what[] = {
		[VOLUME_PRESENT] = "is there",
		[VOLUME_UNMOUNTED] = "was unmounted",
		[VOLUME_DETACHED] = "is gone",
		[VOLUME_READ_ONLY] = "takes no writes any more",
		[VOLUME_DEAD] = "does not answer any more",
	};
	const char *device = volume->device[0] ? volume->device : volume->mount.source;
	char *quoted = malloc(QUOTE_BYTES);

	snprintf(ret_text, capacity, "%s (%s) %s",
		quoted ? quote_name(volume->mount.mount_point, quoted, QUOTE_BYTES) : "it", device,
		what[volume->state]);
	free(quoted);
}

void volume_name(const struct volume *volume, char *ret_text, size_t capacity)
{
	const char *uuid = volume->identity.uuid;

	snprintf(ret_text, capacity, "%s%s%s",
		volume->device[0] ? volume->device : volume->mount.source, *uuid ? ", UUID " : "",
		uuid);
}
