/* SPDX-License-Identifier: MIT */
/*
 * Which entries are copied, moved or removed: patterns as rsync's --exclude and --include, the
 * first that matches decides, and what none matches is in. An excluded directory is not entered.
 *
 *     "*"    any characters but a slash       "**"   any characters
 *     "?"    one character but a slash        "[a]"  one of these characters
 *     "/a"   at the transfer's root only      "a/"   directories only
 *     "a/b"  the end of the path              "b"    the name alone
 *     a name and three stars behind a slash: the directory and all in it
 */
#ifndef ENGINE_JOB_SELECTION_H
#define ENGINE_JOB_SELECTION_H

#include <stdbool.h>
#include <stddef.h>

struct selection_rule {
	bool include;
	const char *pattern;
};

/* In the order of the command line. */
struct selection {
	struct selection_rule *rule;
	size_t count;
};

/* Adds a rule; the pattern stays the caller's. -ENOMEM; -ENAMETOOLONG: no path is so long. */
int selection_add(struct selection *selection, bool include, const char *pattern);
void selection_free(struct selection *selection);

/* Is the entry in? `path` is below the transfer's root, without a slash at its beginning. */
bool selection_accepts(const struct selection *selection, const char *path, bool is_directory);

/* Does the pattern alone match? For tests. */
bool selection_matches(const char *pattern, const char *path, bool is_directory);

#endif
