/* SPDX-License-Identifier: MIT */
#include "job/comparison.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct comparison *comparison_new(void)
{
	struct comparison *comparison = calloc(1, sizeof(*comparison));

	if (comparison)
		comparison->differs_at = UINT64_MAX;
	return comparison;
}

void comparison_release(struct comparison *comparison)
{
	if (!--comparison->items)
		free(comparison);
}

static struct twin **bucket_of(const struct twin_table *table, uint64_t device, uint64_t inode)
{
	uint64_t hash = (inode ^ device << 32) * UINT64_C(0x9e3779b97f4a7c15);

	return &table->bucket[(uint32_t)(hash >> 32) & (table->bucket_count - 1)];
}

static void insert(struct twin_table *table, struct twin *twin)
{
	struct twin **bucket = bucket_of(table, twin->device, twin->inode);

	twin->next = *bucket;
	*bucket = twin;
}

static int grow(struct twin_table *table)
{
	struct twin_table grown = {
		.bucket_count = table->bucket_count ? table->bucket_count * 2 : 256,
		.count = table->count,
	};

	grown.bucket = calloc(grown.bucket_count, sizeof(struct twin *));
	if (!grown.bucket)
		return -ENOMEM;
	for (uint32_t i = 0; i < table->bucket_count; i++) {
		struct twin *next;

		for (struct twin *twin = table->bucket[i]; twin; twin = next) {
			next = twin->next;
			insert(&grown, twin);
		}
	}
	free(table->bucket);
	*table = grown;
	return 0;
}

static struct twin *find(const struct twin_table *table, uint64_t device, uint64_t inode)
{
	struct twin *twin = table->bucket_count ? *bucket_of(table, device, inode) : NULL;

	while (twin && (twin->device != device || twin->inode != inode))
		twin = twin->next;
	return twin;
}

int twin_table_add(
	struct twin_table *table, const struct twin *twin, const char *name, struct twin **ret_twin)
{
	size_t bytes = strlen(name) + 1;
	struct twin *kept;

	*ret_twin = find(table, twin->device, twin->inode);
	if (*ret_twin)
		return 0;
	if (table->count >= table->bucket_count && grow(table))
		return -ENOMEM;
	kept = malloc(sizeof(*kept) + bytes);
	if (!kept)
		return -ENOMEM;
	*kept = *twin;
	memcpy(kept->name, name, bytes);
	insert(table, kept);
	table->count++;
	return 0;
}

void twin_table_free(struct twin_table *table)
{
	for (uint32_t i = 0; i < table->bucket_count; i++)
		while (table->bucket[i]) {
			struct twin *twin = table->bucket[i];

			table->bucket[i] = twin->next;
			free(twin);
		}
	free(table->bucket);
	*table = (struct twin_table){0};
}
