/* SPDX-License-Identifier: MIT */
#include "bpf/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/btrfs.h>
#include <linux/fs.h>

#ifdef HAVE_BLKID
#include <blkid.h>
#endif

/* 6.9; older headers lack it. Only filesystems with a 16-byte UUID are asked. */
struct uuid_answer {
	uint8_t length;
	uint8_t uuid[16];
};
#define ASK_UUID _IOR(0x15, 0, struct uuid_answer)

static void copy_text(char *to, size_t capacity, const char *from)
{
	size_t bytes = strnlen(from, capacity - 1);

	memcpy(to, from, bytes);
	to[bytes] = '\0';
}

#ifdef HAVE_BLKID
static void copy_value(blkid_probe probe, const char *name, char *to, size_t capacity)
{
	const char *value;

	if (blkid_probe_lookup_value(probe, name, &value, NULL) == 0)
		copy_text(to, capacity, value);
}

static int probe_open(blkid_probe probe, struct identity *ret_identity)
{
	struct identity identity = {0};

	if (blkid_probe_enable_superblocks(probe, 1) ||
		blkid_probe_set_superblocks_flags(
			probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_UUID | BLKID_SUBLKS_LABEL))
		return -ENOMEM;
	if (blkid_do_safeprobe(probe) != 0)
		return -ENODATA;
	copy_value(probe, "TYPE", identity.fstype, sizeof(identity.fstype));
	copy_value(probe, "UUID", identity.uuid, sizeof(identity.uuid));
	copy_value(probe, "LABEL", identity.label, sizeof(identity.label));
	*ret_identity = identity;
	return 0;
}

int identity_probe(const char *device, struct identity *ret_identity)
{
	int fd = open(device, O_RDONLY | O_CLOEXEC | O_NONBLOCK), error;
	blkid_probe probe;

	if (fd < 0)
		return -errno;
	probe = blkid_new_probe();
	if (!probe || blkid_probe_set_device(probe, fd, 0, 0))
		error = -EIO;
	else
		error = probe_open(probe, ret_identity);
	blkid_free_probe(probe);
	close(fd);
	return error;
}
#else
int identity_probe(const char *device, struct identity *ret_identity)
{
	(void)device;
	(void)ret_identity;
	return -ENOSYS;
}
#endif

/* udev writes bytes that a shell or a terminal would take amiss as \x20. */
static void decode_text(char *text)
{
	char *to = text;
	unsigned value;

	while (*text) {
		if (sscanf(text, "\\x%2x", &value) == 1) {
			*to++ = (char)value;
			text += strlen("\\x20");
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
}

static void take_property(const char *line, struct identity *identity)
{
	if (strncmp(line, "E:ID_FS_TYPE=", 13) == 0)
		copy_text(identity->fstype, sizeof(identity->fstype), line + 13);
	else if (strncmp(line, "E:ID_FS_UUID=", 13) == 0)
		copy_text(identity->uuid, sizeof(identity->uuid), line + 13);
	else if (strncmp(line, "E:ID_FS_LABEL_ENC=", 18) == 0)
		copy_text(identity->label, sizeof(identity->label), line + 18);
}

int identity_udev(
	const char *directory, uint32_t major, uint32_t minor, struct identity *ret_identity)
{
	struct identity identity = {0};
	char path[PATH_MAX], line[1024];
	FILE *file;

	snprintf(path, sizeof(path), "%s/b%u:%u", directory, major, minor);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		take_property(line, &identity);
	}
	if (fclose(file))
		return -EIO;
	decode_text(identity.label);
	if (!identity.fstype[0])
		return -ENODATA;
	*ret_identity = identity;
	return 0;
}

/* All zeros: none was given. */
static void format_uuid(const uint8_t uuid[16], char *to)
{
	static const uint8_t none[16];

	if (memcmp(uuid, none, sizeof(none)) == 0)
		return;
	for (unsigned i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*to++ = '-';
		to += sprintf(to, "%02x", uuid[i]);
	}
}

int identity_ask_open(int fd, struct identity *ret_identity)
{
	struct btrfs_ioctl_fs_info_args btrfs = {0};
	struct uuid_answer answer = {0};
	struct identity identity = {0};
	char label[FSLABEL_MAX] = "";

	if (ioctl(fd, ASK_UUID, &answer) == 0 && answer.length == sizeof(answer.uuid))
		format_uuid(answer.uuid, identity.uuid);
	else if (ioctl(fd, BTRFS_IOC_FS_INFO, &btrfs) == 0)
		format_uuid(btrfs.fsid, identity.uuid);
	if (ioctl(fd, FS_IOC_GETFSLABEL, label) == 0) {
		label[sizeof(label) - 1] = '\0';
		copy_text(identity.label, sizeof(identity.label), label);
	}
	if (!identity.uuid[0] && !identity.label[0])
		return -ENODATA;
	*ret_identity = identity;
	return 0;
}

int identity_ask(const char *mount_point, struct identity *ret_identity)
{
	int fd = open(mount_point, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK), error;

	if (fd < 0)
		return -errno;
	error = identity_ask_open(fd, ret_identity);
	close(fd);
	return error;
}

int identity_find(const char *device, uint32_t major, uint32_t minor, const char *mount_point,
	struct identity *ret_identity)
{
	if (identity_probe(device, ret_identity) == 0)
		return 0;
	if (identity_udev(IDENTITY_UDEV_DIRECTORY, major, minor, ret_identity) == 0)
		return 0;
	if (mount_point && identity_ask(mount_point, ret_identity) == 0)
		return 0;
	return -ENODATA;
}
