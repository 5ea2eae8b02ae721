/* SPDX-License-Identifier: MIT */
/*
 * Which entries are copied, moved or removed, as rsync's --exclude, --include and --files-from say:
 * of a list of names, if there is one, those that patterns let in. Of the patterns the first that
 * matches decides, and what none matches is in. An excluded directory is not entered.
 */
#ifndef ENGINE_JOB_SELECTION_H
#define ENGINE_JOB_SELECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "job/name_list.h"
#include "job/pattern.h"

struct selection_rule {
	bool include;
	struct pattern pattern;
};

/* Zeroed, everything is in. */
struct selection {
	struct selection_rule *rule; /* in the order of the command line */
	size_t count;
	bool listed; /* `list` counts */
	struct name_list list;
};

/* Adds a rule. As with rsync, a rule may begin with "+ " or "- ", whatever `include` says, and "!"
 * alone forgets the rules before it. -ENOMEM; -ENAMETOOLONG: no path is so long. */
int selection_add(struct selection *selection, bool include, const char *rule);
void selection_free(struct selection *selection);

/* The list is complete, and so are the rules: `source` is the directory that its names are below.
 * As with rsync, a rule takes a name off the list, but none stands in the way to one that is on it.
 * -ENOMEM. */
int selection_settle(struct selection *selection, const char *source);

/* Does it leave anything out? */
bool selection_is_active(const struct selection *selection);

enum selection_verdict {
	SELECTION_OUT = 0,
	SELECTION_IN,
	SELECTION_ON_THE_WAY, /* a directory that only leads to others that are in */
};

/* `path` is below the transfer's root, without a slash at its beginning. A list remembers that it
 * was there. */
enum selection_verdict selection_judge(
	struct selection *selection, const char *path, bool is_directory);

#endif
