/* SPDX-License-Identifier: MIT */
#include "bpf/statmount.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_statmount
#define SYS_statmount 457 /* the same on every architecture but alpha */
#endif
#ifndef SYS_listmount
#define SYS_listmount 458
#endif

#define LIST_ROOT  UINT64_MAX /* LSMT_ROOT: all mounts of the namespace */
#define LIST_BATCH 512

#define TELL_SUPER     UINT64_C(0x01)  /* STATMOUNT_SB_BASIC */
#define TELL_ROOT      UINT64_C(0x08)  /* STATMOUNT_MNT_ROOT */
#define TELL_POINT     UINT64_C(0x10)  /* STATMOUNT_MNT_POINT */
#define TELL_FSTYPE    UINT64_C(0x20)  /* STATMOUNT_FS_TYPE */
#define TELL_SUBTYPE   UINT64_C(0x100) /* STATMOUNT_FS_SUBTYPE */
#define TELL_SOURCE    UINT64_C(0x200) /* STATMOUNT_SB_SOURCE */
#define TELL_NEEDED    (TELL_SUPER | TELL_ROOT | TELL_POINT | TELL_FSTYPE)
#define TELL_WANTED    (TELL_NEEDED | TELL_SUBTYPE | TELL_SOURCE)
#define ANSWER_BYTES   4096
#define ANSWER_MAX     (256 * 1024)
#define STRINGS_OFFSET 512

struct request {
	uint32_t size;
	uint32_t spare;
	uint64_t id;
	uint64_t parameter; /* statmount: what to tell; listmount: the last id of the call before */
};

struct answer {
	uint32_t size; /* the strings' offsets and all */
	uint32_t options;
	uint64_t mask; /* what was told */
	uint32_t major;
	uint32_t minor;
	uint64_t magic;
	uint32_t super_flags;
	uint32_t fstype; /* this and the strings below: offsets into `text` */
	uint64_t id;
	uint64_t parent_id;
	uint32_t old_id;
	uint32_t old_parent_id;
	uint64_t attributes;
	uint64_t propagation;
	uint64_t peer_group;
	uint64_t master;
	uint64_t propagate_from;
	uint32_t root;
	uint32_t point;
	uint64_t namespace;
	uint32_t subtype;
	uint32_t source;
	uint8_t reserved[STRINGS_OFFSET - 128];
	char text[];
};

_Static_assert(sizeof(struct answer) == STRINGS_OFFSET, "struct statmount is 512 bytes");
_Static_assert(offsetof(struct answer, source) == 124, "sb_source follows fs_subtype");

/* Fills `answer`, made larger when a path does not fit. */
static int ask_mount(uint64_t id, struct answer **answer, size_t *bytes)
{
	struct request request = {.size = sizeof(request), .id = id, .parameter = TELL_WANTED};
	struct answer *grown;

	while (syscall(SYS_statmount, &request, *answer, *bytes, 0)) {
		if (errno != EOVERFLOW || *bytes >= ANSWER_MAX)
			return -errno;
		grown = realloc(*answer, *bytes * 2);
		if (!grown)
			return -ENOMEM;
		*answer = grown;
		*bytes *= 2;
	}
	return 0;
}

static char *join_type(const char *type, const char *subtype)
{
	size_t bytes = strlen(type) + strlen(subtype) + 2;
	char *joined = malloc(bytes);

	if (joined) {
		strcpy(joined, type);
		strcat(joined, ".");
		strcat(joined, subtype);
	}
	return joined;
}

static int describe(const struct answer *answer, uint64_t id, struct mount_info *ret_mount)
{
	struct mount_info mount = {.id = id, .major = answer->major, .minor = answer->minor};
	const char *type = answer->text + answer->fstype;

	mount.root = strdup(answer->text + answer->root);
	mount.mount_point = strdup(answer->text + answer->point);
	mount.source = strdup(answer->mask & TELL_SOURCE ? answer->text + answer->source : "none");
	if (answer->mask & TELL_SUBTYPE)
		mount.fstype = join_type(type, answer->text + answer->subtype);
	else
		mount.fstype = strdup(type);
	if (!mount.root || !mount.mount_point || !mount.source || !mount.fstype) {
		mount_info_free(&mount);
		return -ENOMEM;
	}
	*ret_mount = mount;
	return 0;
}

static int add_mount(struct mount_table *table, uint64_t id, struct answer **answer, size_t *bytes)
{
	struct mount_info mount;
	int error = ask_mount(id, answer, bytes);

	/* Unmounted since it was listed, or not below this process's root. */
	if (error == -ENOENT || error == -EPERM)
		return 0;
	if (!error && (~(*answer)->mask & TELL_NEEDED))
		return 0;
	if (!error)
		error = describe(*answer, id, &mount);
	if (error)
		return error;
	error = mount_table_add(table, &mount);
	if (error)
		mount_info_free(&mount);
	return error;
}

static int add_listed(struct mount_table *table, struct answer **answer, size_t *bytes)
{
	struct request request = {.size = sizeof(request), .id = LIST_ROOT};
	uint64_t id[LIST_BATCH];
	long count;
	int error;

	do {
		count = syscall(SYS_listmount, &request, id, LIST_BATCH, 0);
		if (count < 0)
			return -errno;
		for (long i = 0; i < count; i++) {
			error = add_mount(table, id[i], answer, bytes);
			if (error)
				return error;
		}
		if (count > 0)
			request.parameter = id[count - 1];
	} while (count == LIST_BATCH);
	return 0;
}

int statmount_table(struct mount_table *ret_table)
{
	struct mount_table table = {0};
	size_t bytes = ANSWER_BYTES;
	struct answer *answer = malloc(bytes);
	int error = answer ? add_listed(&table, &answer, &bytes) : -ENOMEM;

	free(answer);
	if (error) {
		mount_table_free(&table);
		return error;
	}
	mount_table_sort(&table);
	*ret_table = table;
	return 0;
}

bool statmount_works(void)
{
	struct request request = {.size = sizeof(request), .id = LIST_ROOT};
	size_t bytes = ANSWER_BYTES;
	struct answer *answer = malloc(bytes);
	uint64_t id;
	bool works = false;

	if (answer && syscall(SYS_listmount, &request, &id, 1, 0) == 1 &&
		!ask_mount(id, &answer, &bytes))
		works = (answer->mask & TELL_SOURCE) && !(~answer->mask & TELL_NEEDED);
	free(answer);
	return works;
}
