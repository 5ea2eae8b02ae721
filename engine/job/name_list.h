/* SPDX-License-Identifier: MIT */
/*
 * The names of --files-from: paths below the one source. Memory grows with the list, and not with
 * the tree.
 */
#ifndef ENGINE_JOB_NAME_LIST_H
#define ENGINE_JOB_NAME_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed, nothing is listed. */
struct name_list {
	struct name_list_entry {
		char *path;    /* "a/b": no slashes at its ends, no dots; "" is the source itself */
		bool contents; /* what is directly in it, too: a slash was at its end */
		bool found;    /* it is there */
	} * entry;
	size_t count;
	size_t capacity;
	bool recursive; /* all that is below a listed directory is in */
};

/* Adds a name as rsync reads it: a slash at its beginning means nothing, nor do dots, and ".."
 * never leads out. -ENOMEM. After the last one, name_list_sort. */
int name_list_add(struct name_list *list, const char *name);
void name_list_sort(struct name_list *list);
void name_list_free(struct name_list *list);

/* What the list says of a path alone. */
struct name_place {
	bool listed;
	bool contents; /* and what is directly in it */
	bool leads_on; /* something below it is listed */
};

struct name_place name_list_look(const struct name_list *list, const char *path);
/* Remembers a listed path as found. */
void name_list_note_found(struct name_list *list, const char *path);

/* The first entry from *at on that was not found, and moves *at behind it; NULL: none is left. */
const char *name_list_next_missing(const struct name_list *list, size_t *at);

#endif
