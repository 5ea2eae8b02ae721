/* SPDX-License-Identifier: MIT */
#include "job/selection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PATTERN_BYTES_MAX 4096

int selection_add(struct selection *selection, bool include, const char *pattern)
{
	struct selection_rule *grown;

	if (strlen(pattern) >= PATTERN_BYTES_MAX)
		return -ENAMETOOLONG;
	grown = realloc(selection->rule, (selection->count + 1) * sizeof(*selection->rule));
	if (!grown)
		return -ENOMEM;
	grown[selection->count] = (struct selection_rule){include, pattern};
	selection->rule = grown;
	selection->count++;
	return 0;
}

void selection_free(struct selection *selection)
{
	free(selection->rule);
	*selection = (struct selection){0};
}

/* The character after the brackets, or NULL when they don't close: then '[' is an ordinary one. */
static const char *match_brackets(const char *pattern, char character, bool *ret_match)
{
	bool negated = *pattern == '!' || *pattern == '^';
	const char *at = pattern + negated;
	bool found = false;

	do {
		char first = *at, last;

		if (first == '\\' && at[1])
			first = *++at;
		if (!first)
			return NULL;
		last = first;
		if (at[1] == '-' && at[2] && at[2] != ']') {
			last = at[2];
			at += 2;
		}
		found = found || (character >= first && character <= last);
		at++;
	} while (*at != ']');
	*ret_match = found != negated && character != '/';
	return at + 1;
}

static bool match(const char *pattern, const char *path);

static bool match_stars(const char *pattern, const char *path)
{
	bool across = pattern[1] == '*';

	while (*pattern == '*')
		pattern++;
	for (;; path++) {
		if (match(pattern, path))
			return true;
		if (!*path || (*path == '/' && !across))
			return false;
	}
}

static bool match(const char *pattern, const char *path)
{
	for (; *pattern; path++) {
		const char *after = NULL;
		bool matched = false;

		if (*pattern == '*')
			return match_stars(pattern, path);
		if (!*path)
			return false;
		if (*pattern == '[')
			after = match_brackets(pattern + 1, *path, &matched);
		if (after) {
			if (!matched)
				return false;
			pattern = after;
			continue;
		}
		if (*pattern == '?' && *path == '/')
			return false;
		if (*pattern == '\\' && pattern[1])
			pattern++;
		else if (*pattern == '?') {
			pattern++;
			continue;
		}
		if (*pattern != *path)
			return false;
		pattern++;
	}
	return !*path;
}

/* At the path's beginning, or behind any of its slashes. */
static bool match_end(const char *pattern, const char *path)
{
	while (path) {
		if (match(pattern, path))
			return true;
		path = strchr(path, '/');
		if (path)
			path++;
	}
	return false;
}

static bool match_text(const char *pattern, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (*pattern == '/')
		return match(pattern + 1, path);
	if (strchr(pattern, '/') || strstr(pattern, "**"))
		return match_end(pattern, path);
	return match(pattern, slash ? slash + 1 : path);
}

/* The pattern without its last `end_bytes`, which fits: selection_add has looked. */
static bool match_without(const char *pattern, size_t end_bytes, const char *path)
{
	char cut[PATTERN_BYTES_MAX];
	size_t bytes = strlen(pattern) - end_bytes;

	memcpy(cut, pattern, bytes);
	cut[bytes] = '\0';
	return match_text(cut, path);
}

static bool ends_with(const char *text, const char *end)
{
	size_t bytes = strlen(text), end_bytes = strlen(end);

	return bytes > end_bytes && !strcmp(text + bytes - end_bytes, end);
}

bool selection_matches(const char *pattern, const char *path, bool is_directory)
{
	if (ends_with(pattern, "/***"))
		return (is_directory && match_without(pattern, 4, path)) ||
		       match_without(pattern, 1, path);
	if (ends_with(pattern, "/"))
		return is_directory && match_without(pattern, 1, path);
	return match_text(pattern, path);
}

bool selection_accepts(const struct selection *selection, const char *path, bool is_directory)
{
	for (size_t i = 0; i < selection->count; i++)
		if (selection_matches(selection->rule[i].pattern, path, is_directory))
			return selection->rule[i].include;
	return true;
}
