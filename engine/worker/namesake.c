/* SPDX-License-Identifier: MIT */
#include "worker/namesake.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define IS_ASCII(character) (!((unsigned char)(character)&0x80))

/* ---- does the target fold case? ---- */

static char swap_case(char character)
{
	if (!IS_ASCII(character) || !isalpha((unsigned char)character))
		return character;
	return (char)(character ^ ('a' ^ 'A'));
}

/* Names without letters tell nothing, nor does a name that happens to be there in both ways. */
static void learn_fold(struct tree_directory *target, const char *name)
{
	char swapped[NAME_MAX + 1];
	size_t bytes = strlen(name);

	if (bytes > NAME_MAX)
		return;
	for (size_t i = 0; i <= bytes; i++)
		swapped[i] = swap_case(name[i]);
	if (strcmp(swapped, name) != 0 && faccessat(target->fd, swapped, F_OK, AT_SYMLINK_NOFOLLOW))
		target->habits.fold = SPELLINGS_DISTINCT;
}

/* ---- which names may be one? ---- */

/* Which letters outside ASCII are one differs by filesystem: with any of them, letters don't count.
 */
static bool counts(char character, bool ascii)
{
	return IS_ASCII(character) && (ascii || !isalpha((unsigned char)character));
}

static bool is_ascii(const char *name)
{
	while (*name && IS_ASCII(*name))
		name++;
	return !*name;
}

/* Equal for all names that a filesystem may take for one. */
static uint64_t fold(const char *name)
{
	uint64_t hash = 14695981039346656037u; /* FNV-1a */
	bool ascii = is_ascii(name);

	for (; *name; name++)
		if (counts(*name, ascii))
			hash = (hash ^ (uint64_t)tolower((unsigned char)*name)) * 1099511628211u;
	return hash;
}

static DIR *open_names(int directory_fd)
{
	int fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *names = fd < 0 ? NULL : fdopendir(fd);

	if (!names && fd >= 0)
		close(fd);
	return names;
}

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

static bool has_equals(uint64_t *hash, size_t count)
{
	bool equal = false;

	if (count)
		qsort(hash, count, sizeof(*hash), compare);
	for (size_t i = 1; i < count; i++)
		equal = equal || hash[i] == hash[i - 1];
	return equal;
}

static bool add(uint64_t **hashes, size_t *count, size_t *capacity, uint64_t hash)
{
	if (*count == *capacity) {
		size_t more = *capacity ? 2 * *capacity : 256;
		uint64_t *grown = realloc(*hashes, more * sizeof(**hashes));

		if (!grown)
			return false;
		*hashes = grown;
		*capacity = more;
	}
	(*hashes)[(*count)++] = hash;
	return true;
}

/* A directory that can't be read, or for which there is no memory, may have such names. */
static bool may_merge(int directory_fd)
{
	DIR *names = open_names(directory_fd);
	size_t count = 0, capacity = 0;
	uint64_t *hashes = NULL;
	struct dirent *entry;
	bool complete = names != NULL, merge;

	while (complete && (entry = readdir(names)))
		complete = add(&hashes, &count, &capacity, fold(entry->d_name));
	merge = !complete || has_equals(hashes, count);
	free(hashes);
	if (names)
		closedir(names);
	return merge;
}

/* ---- is it so? ---- */

/* Is there an entry that is spelled exactly so? */
static bool is_listed(int directory_fd, const char *name)
{
	DIR *names = open_names(directory_fd);
	struct dirent *entry = NULL;

	while (names && (entry = readdir(names)) && strcmp(entry->d_name, name) != 0)
		;
	if (names)
		closedir(names);
	return entry != NULL;
}

static bool same_file(int directory_fd, const char *name, const char *other)
{
	struct stat a, b;

	return !fstatat(directory_fd, name, &a, AT_SYMLINK_NOFOLLOW) &&
	       !fstatat(directory_fd, other, &b, AT_SYMLINK_NOFOLLOW) && a.st_ino == b.st_ino &&
	       a.st_dev == b.st_dev;
}

/* With FUSE, each spelling may have an inode number of its own. */
static bool is_spelling_of(
	const struct tree_directory *target, const char *name, const char *existing)
{
	return fold(name) == fold(existing) && is_listed(target->fd, existing) &&
	       (target->filesystem->type == FUSE_SUPER_MAGIC ||
		       same_file(target->fd, name, existing));
}

bool namesake_is_spelled_otherwise(const struct tree_directory *target, const char *name)
{
	return !is_listed(target->fd, name);
}

static bool tells_case_apart(struct tree_directory *target, const char *name)
{
	if (target->habits.fold == SPELLINGS_UNKNOWN)
		learn_fold(target, name);
	return target->habits.fold == SPELLINGS_DISTINCT;
}

bool namesake_has_place(struct tree_directory *target, const char *name)
{
	return !tells_case_apart(target, name) && namesake_is_spelled_otherwise(target, name);
}

bool namesake_merges(struct tree_directory *source, struct tree_directory *target, const char *name)
{
	bool merges = false;
	struct dirent *entry;
	DIR *names;

	if (tells_case_apart(target, name))
		return false;
	if (source->habits.alike == SPELLINGS_UNKNOWN)
		source->habits.alike = may_merge(source->fd) ? SPELLINGS_ALIKE : SPELLINGS_DISTINCT;
	if (source->habits.alike == SPELLINGS_DISTINCT ||
		!namesake_is_spelled_otherwise(target, name))
		return false;
	names = open_names(source->fd);
	while (names && !merges && (entry = readdir(names)))
		merges = is_spelling_of(target, name, entry->d_name) &&
			 !same_file(source->fd, name, entry->d_name);
	if (names)
		closedir(names);
	return merges;
}
