/* SPDX-License-Identifier: MIT */
/*
 * Hard links. The first name of an inode that is found is copied; further names wait until that
 * copy is complete and are then linked to it. Only files with more than one link are remembered,
 * and only until the last of their names was seen.
 */
#ifndef ENGINE_JOB_LINK_H
#define ENGINE_JOB_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "job/directory.h"
#include "wire/message.h"

/* A further name, waiting. It counts as one pending of its directory. */
struct link_waiter {
	struct link_waiter *next;
	struct directory *directory;
	struct wire_entry *entry; /* packed as in a datagram, name and target name behind it */
};

struct link {
	struct link *next;         /* in its bucket */
	struct link *next_in_item; /* first names that one item copies */
	uint64_t device;
	uint64_t inode;
	uint64_t bytes; /* with modified_ns: to know it again */
	int64_t modified_ns;
	uint32_t unseen; /* names that were not found yet, as far as the link count tells */
	uint32_t users;  /* LINK items under way */
	uint32_t index;  /* of the first name in its item */
	bool done;
	bool failed;
	bool regular;      /* it is a regular file */
	struct root *root; /* where the copy is, once it is done; referenced */
	char *path;        /* of the copy, below that root */
	struct link_waiter *waiting;
};

struct link_table {
	struct link **bucket;
	uint32_t bucket_count; /* a power of two */
	uint32_t count;
};

/* Finds or makes the link of the entry's inode, of which `links` names are expected; NULL when out
 * of memory. */
struct link *link_get(
	struct link_table *table, const struct wire_entry *entry, uint32_t links, bool *ret_new);
/* Was another name of the file seen, and is it the same file still? */
bool link_is_known(const struct link_table *table, const struct wire_entry *entry);
/* Another name was seen. */
int link_wait(struct link *link, struct directory *directory, const struct wire_entry *entry,
	struct wire_text name, struct wire_text target);
/* Takes one that waits, or NULL; the caller frees it with link_waiter_free. */
struct link_waiter *link_take_waiter(struct link *link);
void link_waiter_texts(
	const struct link_waiter *waiter, struct wire_text *ret_name, struct wire_text *ret_target);
void link_waiter_free(struct link_waiter *waiter);

/* The first name is in place. */
int link_complete(
	struct link *link, struct directory *directory, const char *name, size_t name_bytes);
/* Forgets a link that nothing can refer to any more. */
void link_release(struct link_table *table, struct link *link);
void link_table_free(struct link_table *table);

#endif
