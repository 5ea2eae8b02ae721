/* SPDX-License-Identifier: MIT */
#include "job/name_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Appends a component to a path that has room for it. */
static void descend(char *path, const char *name, size_t bytes)
{
	size_t used = strlen(path);

	if (used)
		path[used++] = '/';
	memcpy(path + used, name, bytes);
	path[used + bytes] = '\0';
}

static void ascend(char *path)
{
	char *slash = strrchr(path, '/');

	*(slash ? slash : path) = '\0';
}

/* Whether the last component was empty or a dot. */
static bool normalise(const char *name, char *ret_path)
{
	bool open = true;

	*ret_path = '\0';
	while (*name) {
		size_t bytes = strcspn(name, "/");
		bool dot = bytes == 1 && name[0] == '.';

		if (bytes == 2 && !memcmp(name, "..", 2))
			ascend(ret_path);
		else if (bytes && !dot)
			descend(ret_path, name, bytes);
		open = dot || name[bytes] == '/';
		name += bytes + (name[bytes] == '/');
	}
	return open;
}

int name_list_add(struct name_list *list, const char *name)
{
	struct name_list_entry added = {.path = malloc(strlen(name) + 1)};

	if (!added.path)
		return -ENOMEM;
	added.contents = normalise(name, added.path);
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? 2 * list->capacity : 64;
		struct name_list_entry *grown =
			realloc(list->entry, capacity * sizeof(*list->entry));

		if (!grown) {
			free(added.path);
			return -ENOMEM;
		}
		list->entry = grown;
		list->capacity = capacity;
	}
	list->entry[list->count++] = added;
	return 0;
}

void name_list_free(struct name_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->entry[i].path);
	free(list->entry);
	*list = (struct name_list){0};
}

/* Slashes first, so that what is below a directory follows it at once. */
static int rank(char character)
{
	return character == '/' ? 1 : character ? (unsigned char)character + 1 : 0;
}

static int compare(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return rank(*a) - rank(*b);
}

static int compare_entries(const void *a, const void *b)
{
	return compare(((const struct name_list_entry *)a)->path,
		((const struct name_list_entry *)b)->path);
}

void name_list_sort(struct name_list *list)
{
	size_t kept = 0;

	if (list->count)
		qsort(list->entry, list->count, sizeof(*list->entry), compare_entries);
	for (size_t i = 0; i < list->count; i++) {
		struct name_list_entry *last = kept ? &list->entry[kept - 1] : NULL;

		if (!last || strcmp(last->path, list->entry[i].path) != 0) {
			list->entry[kept++] = list->entry[i];
			continue;
		}
		last->contents = last->contents || list->entry[i].contents;
		free(list->entry[i].path);
	}
	list->count = kept;
}

/* The first entry that does not come before the path. */
static size_t lower_bound(const struct name_list *list, const char *path)
{
	size_t low = 0, high = list->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(list->entry[middle].path, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_below(const char *path, const char *directory)
{
	size_t bytes = strlen(directory);

	return !strncmp(path, directory, bytes) && path[bytes] == '/';
}

static bool is_at(const struct name_list *list, size_t at, const char *path)
{
	return at < list->count && !strcmp(list->entry[at].path, path);
}

struct name_place name_list_look(const struct name_list *list, const char *path)
{
	size_t at = lower_bound(list, path);
	bool listed = is_at(list, at, path);
	size_t next = at + listed;

	return (struct name_place){
		.listed = listed,
		.contents = listed && list->entry[at].contents,
		.leads_on = next < list->count && is_below(list->entry[next].path, path),
	};
}

void name_list_note_found(struct name_list *list, const char *path)
{
	size_t at = lower_bound(list, path);

	if (is_at(list, at, path))
		list->entry[at].found = true;
}

const char *name_list_next_missing(const struct name_list *list, size_t *at)
{
	while (*at < list->count) {
		const struct name_list_entry *entry = &list->entry[(*at)++];

		if (!entry->found && *entry->path)
			return entry->path;
	}
	return NULL;
}
