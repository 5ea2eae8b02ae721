/* SPDX-License-Identifier: MIT */
#include "job/pattern.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PATTERN_BYTES_MAX 4096

/* A path and what is put before and behind it. */
#define TEXT_BYTES_MAX 65536

int pattern_open(struct pattern *pattern, const char *text)
{
	size_t bytes = strlen(text);

	*pattern = (struct pattern){0};
	if (bytes >= PATTERN_BYTES_MAX)
		return -ENAMETOOLONG;
	pattern->directories_only = bytes > 1 && text[bytes - 1] == '/';
	pattern->anchored = *text == '/';
	text += pattern->anchored;
	bytes -= pattern->anchored + pattern->directories_only;
	pattern->text = strndup(text, bytes);
	if (!pattern->text)
		return -ENOMEM;
	for (const char *at = pattern->text; (at = strchr(at, '/')); at++)
		pattern->slashes++;
	pattern->wild = strpbrk(pattern->text, "*?[") != NULL;
	pattern->crosses = strstr(pattern->text, "**") != NULL;
	pattern->crosses_first = !strncmp(pattern->text, "**", 2);
	pattern->with_content = bytes > 4 && !strcmp(pattern->text + bytes - 4, "/***");
	return 0;
}

void pattern_close(struct pattern *pattern)
{
	free(pattern->text);
	*pattern = (struct pattern){0};
}

/* ---- brackets ---- */

static bool is_of_class(const char *name, size_t bytes, unsigned char character)
{
	static const struct {
		const char *name;
		int (*has)(int);
	} classes[] = {
		{"alnum", isalnum},
		{"alpha", isalpha},
		{"blank", isblank},
		{"cntrl", iscntrl},
		{"digit", isdigit},
		{"graph", isgraph},
		{"lower", islower},
		{"print", isprint},
		{"punct", ispunct},
		{"space", isspace},
		{"upper", isupper},
		{"xdigit", isxdigit},
	};

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strlen(classes[i].name) == bytes && !memcmp(classes[i].name, name, bytes))
			return classes[i].has(character);
	return false;
}

/* One character of a set, which may be written with a backslash. Moves *at behind it; 0 at the end.
 */
static unsigned char take_character(const char **at)
{
	if (**at == '\\')
		(*at)++;
	return **at ? (unsigned char)*(*at)++ : 0;
}

/* What stands at *at of a set: a class, a range or a character. False: the set does not end. */
static bool match_member(const char **at, unsigned char character, bool *found)
{
	const char *end = !strncmp(*at, "[:", 2) ? strstr(*at + 2, ":]") : NULL;
	unsigned char first, last;

	if (end) {
		*found = *found || is_of_class(*at + 2, (size_t)(end - *at - 2), character);
		*at = end + 2;
		return true;
	}
	first = last = take_character(at);
	if (first && **at == '-' && (*at)[1] && (*at)[1] != ']') {
		(*at)++;
		last = take_character(at);
	}
	*found = *found || (character >= first && character <= last);
	return first && last;
}

/* What is behind the brackets that begin before `at`, if they hold the character; else NULL. A
 * bracket that comes first stands for itself. */
static const char *match_brackets(const char *at, char character)
{
	bool negated = *at == '!' || *at == '^', found = false;

	at += negated;
	do {
		if (!match_member(&at, (unsigned char)character, &found))
			return NULL;
	} while (*at != ']');
	return found != negated && character != '/' ? at + 1 : NULL;
}

/* ---- wildcards ---- */

/* What is behind one element of the pattern other than stars, if the character fits it; else NULL.
 */
static const char *match_one(const char *at, char character)
{
	switch (*at) {
	case '\0':
		return NULL;
	case '?':
		return character != '/' ? at + 1 : NULL;
	case '[':
		return match_brackets(at + 1, character);
	case '\\':
		at++;
		break;
	default:
		break;
	}
	return *at == character ? at + 1 : NULL;
}

/* Where to go on with a longer match of a star. */
struct star {
	const char *behind; /* in the pattern; NULL: there was no star */
	const char *text;   /* how far it reaches */
};

/* Makes the star match one character more. */
static bool star_grow(
	struct star *star, bool over_slashes, const char **ret_pattern, const char **ret_text)
{
	if (!star->behind || !*star->text || (*star->text == '/' && !over_slashes))
		return false;
	*ret_pattern = star->behind;
	*ret_text = ++star->text;
	return true;
}

static struct star take_stars(const char **pattern, const char *text, bool *ret_two)
{
	*ret_two = (*pattern)[1] == '*';
	while (**pattern == '*')
		(*pattern)++;
	return (struct star){*pattern, text};
}

/* Only the last star, and the last pair of stars before it, ever need to match more than they do:
 * so this takes no more steps than the product of both lengths, whatever the pattern. */
static bool match_wild(const char *pattern, const char *text)
{
	struct star one = {0}, two = {0};

	while (*text || *pattern) {
		const char *behind;
		bool pair;

		if (*pattern == '*') {
			struct star star = take_stars(&pattern, text, &pair);

			one = star;
			if (pair) {
				one.behind = NULL;
				two = star;
			}
			continue;
		}
		behind = *text ? match_one(pattern, *text) : NULL;
		if (behind) {
			pattern = behind;
			text++;
			continue;
		}
		if (star_grow(&one, false, &pattern, &text))
			continue;
		one.behind = NULL;
		if (!star_grow(&two, true, &pattern, &text))
			return false;
	}
	return true;
}

static bool match_text(const struct pattern *pattern, const char *text)
{
	return pattern->wild ? match_wild(pattern->text, text) : !strcmp(pattern->text, text);
}

/* ---- where in the path ---- */

/* The last `count` names of the path, or all of it. */
static const char *last_names(const char *path, unsigned count)
{
	const char *at = path + strlen(path);

	while (at > path && (at[-1] != '/' || --count))
		at--;
	return at;
}

static bool match_behind_any_slash(const struct pattern *pattern, const char *path)
{
	while (path) {
		if (match_text(pattern, path))
			return true;
		path = strchr(path, '/');
		if (path)
			path++;
	}
	return false;
}

static bool match_path(const struct pattern *pattern, const char *path)
{
	if (pattern->anchored)
		return match_text(pattern, path);
	if (!pattern->crosses)
		return match_text(pattern, last_names(path, pattern->slashes + 1));
	if (pattern->crosses_first)
		return match_text(pattern, path);
	return match_behind_any_slash(pattern, path);
}

bool pattern_matches(const struct pattern *pattern, const char *path, bool is_directory)
{
	char text[TEXT_BYTES_MAX];
	size_t bytes = strlen(path);
	/* Two stars and a slash match nothing at all, too: the slash before the path. */
	bool slash_before = pattern->crosses_first && !pattern->anchored;
	bool slash_behind = is_directory && pattern->with_content;

	if (pattern->directories_only && !is_directory)
		return false;
	if ((!slash_before && !slash_behind) || bytes + 3 > sizeof(text))
		return match_path(pattern, path);
	text[0] = '/';
	memcpy(text + slash_before, path, bytes + 1);
	if (slash_behind)
		memcpy(text + slash_before + bytes, "/", 2);
	return match_path(pattern, text);
}
