/* SPDX-License-Identifier: MIT */
#include "job/fingerprint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>
#include <xxhash.h>

#include "job/directory.h"
#include "job/root.h"
#include "util/path.h"

#define SLOTS_MIN 1024

/* FS_IOC_GETFSUUID of <linux/fs.h>, which older headers lack. */
struct filesystem_uuid {
	uint8_t bytes;
	uint8_t uuid[16];
};
#define GET_FILESYSTEM_UUID _IOR(0x15, 0, struct filesystem_uuid)

struct identity {
	uint8_t filesystem[16];
	uint64_t inode;
};

static bool are_equal(const struct fingerprint *a, const struct fingerprint *b)
{
	return a->low == b->low && a->high == b->high;
}

static struct fingerprint hash(const void *data, size_t bytes, uint64_t seed)
{
	XXH128_hash_t sum = XXH3_128bits_withSeed(data, bytes, seed);

	/* The set uses zero for an empty slot. */
	return (struct fingerprint){sum.low64 | !sum.high64, sum.high64};
}

/* Numbers of devices change from boot to boot; a UUID stays. Where the kernel does not tell it,
 * f_fsid is made from it on most filesystems. */
static int identify_filesystem(int fd, uint8_t ret_filesystem[16])
{
	struct filesystem_uuid uuid = {0};
	struct statfs status;
	int readable = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool told = readable >= 0 && !ioctl(readable, GET_FILESYSTEM_UUID, &uuid) && uuid.bytes;

	if (readable >= 0)
		close(readable);
	memset(ret_filesystem, 0, 16);
	if (told) {
		memcpy(ret_filesystem, uuid.uuid, 16);
		return 0;
	}
	if (fstatfs(fd, &status))
		return -errno;
	memcpy(ret_filesystem, &status.f_fsid, sizeof(status.f_fsid));
	return 0;
}

static int identify(int fd, struct identity *ret_identity)
{
	struct stat status;

	if (fstat(fd, &status))
		return -errno;
	ret_identity->inode = status.st_ino;
	return identify_filesystem(fd, ret_identity->filesystem);
}

int fingerprint_roots(
	int source_fd, int target_fd, uint64_t salt, struct fingerprint *ret_fingerprint)
{
	struct identity pair[2];
	int error = identify(source_fd, &pair[0]);

	if (!error)
		error = identify(target_fd, &pair[1]);
	if (!error)
		*ret_fingerprint = hash(pair, sizeof(pair), salt);
	return error;
}

int fingerprint_directory(
	const struct directory *directory, uint64_t salt, struct fingerprint *ret_fingerprint)
{
	struct {
		struct fingerprint root;
		char path[DIRECTORY_PATH_BYTES];
	} whole;
	int bytes = directory_path(directory, whole.path, sizeof(whole.path));

	if (bytes < 0)
		return bytes;
	whole.root = directory->root->fingerprint;
	*ret_fingerprint = hash(&whole, sizeof(whole.root) + (size_t)bytes, salt);
	return 0;
}

struct fingerprint fingerprint_entry(
	struct fingerprint directory, const struct wire_entry *entry, struct wire_text name)
{
	struct {
		struct fingerprint directory;
		uint64_t inode;
		uint64_t bytes;
		int64_t modified_ns;
		int64_t changed_ns;
		char name[512];
	} whole = {
		.directory = directory,
		.inode = entry->inode,
		.bytes = entry->bytes,
		.modified_ns = entry->modified_ns,
		.changed_ns = entry->changed_ns,
	};
	size_t bytes = name.bytes < sizeof(whole.name) ? name.bytes : sizeof(whole.name);

	memcpy(whole.name, name.data, bytes);
	return hash(&whole, offsetof(typeof(whole), name) + bytes, 0);
}

uint64_t fingerprint_name(struct fingerprint directory, struct wire_text name, uint64_t run)
{
	return XXH3_64bits_withSeed(name.data, name.bytes, run ^ directory.low ^ directory.high);
}

/* Slashes more or less make no difference. */
static char *tidy(const char *path)
{
	char *stripped = path_stripped(path);
	char *directory = stripped ? path_directory(stripped) : NULL;
	char *name = stripped ? path_last(stripped) : NULL;
	char *tidied = directory && name ? path_join(directory, name) : NULL;

	free(stripped);
	free(directory);
	free(name);
	return tidied;
}

int fingerprint_source(const char *path, const struct stat *inode, uint64_t salt,
	struct fingerprint *ret_fingerprint)
{
	uint64_t identity[2] = {inode ? inode->st_dev : 0, inode ? inode->st_ino : 0};
	char *tidied = tidy(path);

	if (!tidied)
		return -ENOMEM;
	salt = XXH3_64bits_withSeed(identity, sizeof(identity), salt);
	*ret_fingerprint = hash(tidied, strlen(tidied), salt);
	free(tidied);
	return 0;
}

/* ---- the set ---- */

static bool is_empty(const struct fingerprint *slot)
{
	return !slot->low && !slot->high;
}

static struct fingerprint *find(const struct fingerprint_set *set, struct fingerprint fingerprint)
{
	size_t at = fingerprint.low & (set->capacity - 1);

	while (!is_empty(&set->slot[at]) && !are_equal(&set->slot[at], &fingerprint))
		at = (at + 1) & (set->capacity - 1);
	return &set->slot[at];
}

static int grow(struct fingerprint_set *set)
{
	struct fingerprint_set grown = {.capacity = set->capacity ? set->capacity * 2 : SLOTS_MIN};

	grown.slot = calloc(grown.capacity, sizeof(*grown.slot));
	if (!grown.slot)
		return -ENOMEM;
	for (size_t i = 0; i < set->capacity; i++)
		if (!is_empty(&set->slot[i]))
			*find(&grown, set->slot[i]) = set->slot[i];
	free(set->slot);
	set->slot = grown.slot;
	set->capacity = grown.capacity;
	return 0;
}

int fingerprint_set_add(struct fingerprint_set *set, struct fingerprint fingerprint)
{
	struct fingerprint *slot;
	int error = set->count >= set->capacity / 3 * 2 ? grow(set) : 0;

	if (error)
		return error;
	slot = find(set, fingerprint);
	set->count += is_empty(slot);
	*slot = fingerprint;
	return 0;
}

bool fingerprint_set_has(const struct fingerprint_set *set, struct fingerprint fingerprint)
{
	return set->count && !is_empty(find(set, fingerprint));
}

void fingerprint_set_free(struct fingerprint_set *set)
{
	free(set->slot);
	*set = (struct fingerprint_set){0};
}
