/* SPDX-License-Identifier: MIT */
#include "job/link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job/root.h"

static uint32_t bucket_of(const struct link_table *table, uint64_t device, uint64_t inode)
{
	uint64_t hash = (inode ^ device << 32) * UINT64_C(0x9e3779b97f4a7c15);

	return (uint32_t)(hash >> 32) & (table->bucket_count - 1);
}

static int table_grow(struct link_table *table)
{
	struct link_table grown = {.bucket_count = table->bucket_count * 2};

	if (!grown.bucket_count)
		grown.bucket_count = 256;
	grown.bucket = calloc(grown.bucket_count, sizeof(struct link *));
	if (!grown.bucket)
		return -ENOMEM;
	for (uint32_t i = 0; i < table->bucket_count; i++) {
		struct link *link, *next;

		for (link = table->bucket[i]; link; link = next) {
			struct link **to =
				&grown.bucket[bucket_of(&grown, link->device, link->inode)];

			next = link->next;
			link->next = *to;
			*to = link;
		}
	}
	grown.count = table->count;
	free(table->bucket);
	*table = grown;
	return 0;
}

static struct link *table_find(const struct link_table *table, uint64_t device, uint64_t inode)
{
	struct link *link;

	if (!table->bucket_count)
		return NULL;
	link = table->bucket[bucket_of(table, device, inode)];
	while (link && (link->device != device || link->inode != inode))
		link = link->next;
	return link;
}

bool link_is_known(const struct link_table *table, const struct wire_entry *entry)
{
	const struct link *link = table_find(table, entry->device, entry->inode);

	return link && link->bytes == entry->bytes && link->modified_ns == entry->modified_ns;
}

struct link *link_get(
	struct link_table *table, const struct wire_entry *entry, uint32_t links, bool *ret_new)
{
	struct link *link = table_find(table, entry->device, entry->inode);
	uint32_t bucket;

	*ret_new = !link;
	if (link) {
		if (link->unseen)
			link->unseen--;
		return link;
	}
	if (table->count >= table->bucket_count && table_grow(table))
		return NULL;
	link = calloc(1, sizeof(*link));
	if (!link)
		return NULL;
	link->device = entry->device;
	link->inode = entry->inode;
	link->bytes = entry->bytes;
	link->modified_ns = entry->modified_ns;
	link->unseen = links - 1;
	bucket = bucket_of(table, entry->device, entry->inode);
	link->next = table->bucket[bucket];
	table->bucket[bucket] = link;
	table->count++;
	return link;
}

int link_wait(struct link *link, struct directory *directory, const struct wire_entry *entry,
	struct wire_text name, struct wire_text target)
{
	struct link_waiter *waiter = calloc(1, sizeof(*waiter));
	size_t bytes = sizeof(*entry) + name.bytes + target.bytes + 2;

	if (!waiter)
		return -ENOMEM;
	waiter->entry = calloc(1, bytes);
	if (!waiter->entry) {
		free(waiter);
		return -ENOMEM;
	}
	*waiter->entry = *entry;
	waiter->entry->name_bytes = (uint16_t)name.bytes;
	waiter->entry->target_bytes = (uint16_t)target.bytes;
	memcpy(waiter->entry->text, name.data, name.bytes);
	memcpy(waiter->entry->text + name.bytes + 1, target.data, target.bytes);
	waiter->directory = directory;
	directory->pending++;
	waiter->next = link->waiting;
	link->waiting = waiter;
	return 0;
}

struct link_waiter *link_take_waiter(struct link *link)
{
	struct link_waiter *waiter = link->waiting;

	if (waiter)
		link->waiting = waiter->next;
	return waiter;
}

void link_waiter_texts(
	const struct link_waiter *waiter, struct wire_text *ret_name, struct wire_text *ret_target)
{
	const struct wire_entry *entry = waiter->entry;

	*ret_name = (struct wire_text){entry->text, entry->name_bytes};
	*ret_target = (struct wire_text){entry->text + entry->name_bytes + 1, entry->target_bytes};
}

void link_waiter_free(struct link_waiter *waiter)
{
	waiter->directory->pending--;
	free(waiter->entry);
	free(waiter);
}

int link_complete(
	struct link *link, struct directory *directory, const char *name, size_t name_bytes)
{
	char *path = malloc(DIRECTORY_PATH_BYTES);
	int bytes = path ? directory_path(directory, path, DIRECTORY_PATH_BYTES) : -ENOMEM;

	if (bytes >= 0 && asprintf(&link->path, "%s%s%.*s", path, bytes ? "/" : "", (int)name_bytes,
				  name) < 0)
		bytes = -ENOMEM;
	free(path);
	if (bytes < 0) {
		link->path = NULL;
		return bytes;
	}
	link->root = directory->root;
	link->root->references++;
	link->done = true;
	return 0;
}

static void link_free(struct link *link)
{
	struct link_waiter *waiter;

	while ((waiter = link_take_waiter(link))) {
		struct directory *directory = waiter->directory;

		link_waiter_free(waiter);
		directory_release(directory);
	}
	if (link->root)
		link->root->references--;
	free(link->path);
	free(link);
}

void link_release(struct link_table *table, struct link *link)
{
	struct link **at;

	if (link->unseen || link->users || link->waiting || !(link->done || link->failed))
		return;
	at = &table->bucket[bucket_of(table, link->device, link->inode)];
	while (*at != link)
		at = &(*at)->next;
	*at = link->next;
	table->count--;
	link_free(link);
}

void link_table_free(struct link_table *table)
{
	for (uint32_t i = 0; i < table->bucket_count; i++)
		while (table->bucket[i]) {
			struct link *link = table->bucket[i];

			table->bucket[i] = link->next;
			link_free(link);
		}
	free(table->bucket);
	*table = (struct link_table){0};
}
