/* SPDX-License-Identifier: MIT */
#include "job/footing.h"

#include <assert.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "bpf/identity.h"
#include "job/past.h"
#include "util/path.h"

/* Arguments mostly share a filesystem, which is then looked at but once. */
struct surveyor {
	const struct job_request *request;
	bool into_directory;
	bool looked;
	dev_t device;
	struct journal_footing footing;
};

/* The destination is the first. */
static const char *argument_at(const struct job_request *request, unsigned index)
{
	return index ? request->sources[index - 1] : request->target;
}

static bool is_followed(const struct surveyor *surveyor, unsigned index)
{
	const struct job_request *request = surveyor->request;

	if (!index)
		return surveyor->into_directory;
	return request->follow_arguments || request->options.dereference;
}

static int open_directory(const char *path, int flags)
{
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC | flags);
}

/* The directory itself, or the one that anything else is in, or would be. */
static int open_ground(const char *path, bool follow)
{
	int fd = open_directory(path, follow ? 0 : O_NOFOLLOW);
	char *stripped, *directory;

	if (fd >= 0)
		return fd;
	stripped = path_stripped(path);
	directory = stripped ? path_directory(stripped) : NULL;
	if (directory)
		fd = open_directory(*directory ? directory : ".", 0);
	free(stripped);
	free(directory);
	return fd;
}

/* What has no device is made anew with each mount, and some of it with a new UUID (tmpfs, sysfs).
 * Only btrfs has devices, but another number. */
static bool lasts(uint64_t type, dev_t device)
{
	return major(device) || type == BTRFS_SUPER_MAGIC;
}

static void find_uuid(int fd, dev_t device, char *ret_uuid, size_t capacity)
{
	struct identity identity = {0};
	int here = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool told = here >= 0 && !identity_ask_open(here, &identity) && identity.uuid[0];

	if (here >= 0)
		close(here);
	if (!told)
		(void)identity_udev(
			IDENTITY_UDEV_DIRECTORY, major(device), minor(device), &identity);
	if (strlen(identity.uuid) < capacity)
		memcpy(ret_uuid, identity.uuid, strlen(identity.uuid) + 1);
}

/* Some filesystems make it from the device's number, which changes from boot to boot. */
static uint64_t lasting_number(const struct statfs *status, dev_t device)
{
	uint64_t number = 0;

	static_assert(sizeof(status->f_fsid) == sizeof(number), "f_fsid has 64 bits");
	memcpy(&number, &status->f_fsid, sizeof(number));
	return number == (uint32_t)device ? 0 : number;
}

static void describe(int fd, dev_t device, struct journal_footing *ret_footing)
{
	struct statfs status;

	*ret_footing = (struct journal_footing){0};
	if (fstatfs(fd, &status))
		return;
	ret_footing->type = (uint64_t)status.f_type;
	if (!lasts(ret_footing->type, device))
		return;
	ret_footing->number = lasting_number(&status, device);
	find_uuid(fd, device, ret_footing->uuid, sizeof(ret_footing->uuid));
}

static struct journal_footing look(struct surveyor *surveyor, unsigned index)
{
	int fd = open_ground(argument_at(surveyor->request, index), is_followed(surveyor, index));
	struct stat status;

	if (fd < 0 || fstat(fd, &status)) {
		if (fd >= 0)
			close(fd);
		return (struct journal_footing){0};
	}
	if (!surveyor->looked || surveyor->device != status.st_dev)
		describe(fd, status.st_dev, &surveyor->footing);
	surveyor->looked = true;
	surveyor->device = status.st_dev;
	close(fd);
	return surveyor->footing;
}

static bool is_one(const struct journal_footing *a, const struct journal_footing *b)
{
	return a->type == b->type && a->number == b->number && strcmp(a->uuid, b->uuid) == 0;
}

int footing_note(struct journal *journal, const struct job_request *request, bool into_directory)
{
	struct surveyor surveyor = {.request = request, .into_directory = into_directory};
	struct journal_footing last = look(&surveyor, 0);
	int error = 0;

	last.count = 1;
	for (unsigned i = 1; i <= request->source_count && !error; i++) {
		struct journal_footing footing = look(&surveyor, i);

		if (is_one(&last, &footing)) {
			last.count++;
			continue;
		}
		error = journal_add_footing(journal, &last);
		last = footing;
		last.count = 1;
	}
	if (!error)
		error = journal_add_footing(journal, &last);
	return error ? error : journal_flush(journal);
}

/* What isn't known differs from nothing. One filesystem has two types with two drivers. */
static bool may_be_one(const struct journal_footing *was, const struct journal_footing *is)
{
	if (!was->type || !is->type)
		return true;
	if (was->uuid[0] && is->uuid[0])
		return strcmp(was->uuid, is->uuid) == 0;
	if (was->number && is->number && was->number != is->number)
		return false;
	return was->type == is->type;
}

const char *footing_find_strange(
	const struct job_request *request, const struct journal_footing **ret_missing)
{
	const struct past *past = request->past;
	struct surveyor surveyor = {.request = request, .into_directory = past->into_directory};
	unsigned index = 0;

	for (size_t i = 0; i < past->footing_count; i++) {
		const struct journal_footing *was = &past->footing[i];

		for (uint64_t n = 0; n < was->count && index <= request->source_count; n++) {
			struct journal_footing is = look(&surveyor, index++);

			if (may_be_one(was, &is))
				continue;
			*ret_missing = was;
			return argument_at(request, index - 1);
		}
	}
	return NULL;
}
