/* SPDX-License-Identifier: MIT */
/*
 * Patterns as rsync understands them.
 *
 *     "*"    any characters but a slash       "**"   any characters
 *     "?"    one character but a slash        "[a]"  one of these characters
 *     "/a"   at the transfer's root only      "a/"   directories only
 *     "a/b"  the end of the path              "b"    the name alone
 *     a name and three stars behind a slash: the directory and all in it
 *
 * A backslash takes the next character as it is, but only in a pattern with a star, a question mark
 * or brackets.
 */
#ifndef ENGINE_JOB_PATTERN_H
#define ENGINE_JOB_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

struct pattern {
	char *text;            /* owned: without the slashes at its ends that have a meaning */
	unsigned slashes;      /* in it */
	bool anchored;         /* at the transfer's root */
	bool directories_only; /* "a/" */
	bool wild;             /* any of the special characters */
	bool crosses;          /* has two stars in a row, somewhere */
	bool crosses_first;    /* at its beginning */
	bool with_content;     /* ends with a slash and three stars */
};

/* -ENOMEM; -ENAMETOOLONG: no path is so long. */
int pattern_open(struct pattern *pattern, const char *text);
void pattern_close(struct pattern *pattern);

/* `path` is below the transfer's root, without a slash at its beginning or end. */
bool pattern_matches(const struct pattern *pattern, const char *path, bool is_directory);

#endif
