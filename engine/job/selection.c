/* SPDX-License-Identifier: MIT */
#include "job/selection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void clear_rules(struct selection *selection)
{
	for (size_t i = 0; i < selection->count; i++)
		pattern_close(&selection->rule[i].pattern);
	free(selection->rule);
	selection->rule = NULL;
	selection->count = 0;
}

int selection_add(struct selection *selection, bool include, const char *rule)
{
	struct selection_rule added = {.include = include}, *grown;
	int error;

	if (!strcmp(rule, "!")) {
		clear_rules(selection);
		return 0;
	}
	if ((*rule == '+' || *rule == '-') && rule[1] == ' ') {
		added.include = *rule == '+';
		rule += 2;
	}
	error = pattern_open(&added.pattern, rule);
	if (error)
		return error;
	grown = realloc(selection->rule, (selection->count + 1) * sizeof(*selection->rule));
	if (!grown) {
		pattern_close(&added.pattern);
		return -ENOMEM;
	}
	grown[selection->count++] = added;
	selection->rule = grown;
	return 0;
}

void selection_free(struct selection *selection)
{
	clear_rules(selection);
	name_list_free(&selection->list);
	*selection = (struct selection){0};
}

bool selection_is_active(const struct selection *selection)
{
	return selection->count || selection->listed;
}

static bool is_let_in(const struct selection *selection, const char *path, bool is_directory)
{
	for (size_t i = 0; i < selection->count; i++)
		if (pattern_matches(&selection->rule[i].pattern, path, is_directory))
			return selection->rule[i].include;
	return true;
}

/* Is it below a listed directory that takes it along? Every directory in between must be in, too.
 */
static bool is_taken_along(const struct selection *selection, const char *path)
{
	char *directory = strdup(path), *slash;
	bool direct = true, going = directory != NULL, taken = false;

	while (going && *directory) {
		struct name_place place;

		slash = strrchr(directory, '/');
		*(slash ? slash : directory) = '\0';
		place = name_list_look(&selection->list, directory);
		going = !place.listed && is_let_in(selection, directory, true);
		taken = place.listed && (selection->list.recursive || (place.contents && direct));
		direct = false;
	}
	free(directory);
	return taken;
}

enum selection_verdict selection_judge(
	struct selection *selection, const char *path, bool is_directory)
{
	struct name_place place = {.listed = true};
	bool in;

	if (selection->listed)
		place = name_list_look(&selection->list, path);
	if (place.listed && selection->listed)
		name_list_note_found(&selection->list, path);
	in = place.listed || is_taken_along(selection, path);
	if (in && is_let_in(selection, path, is_directory))
		return SELECTION_IN;
	return place.leads_on && is_directory ? SELECTION_ON_THE_WAY : SELECTION_OUT;
}

int selection_settle(struct selection *selection, const char *source)
{
	size_t kept = 0;

	name_list_sort(&selection->list);
	selection->listed = true;
	for (size_t i = 0; i < selection->list.count && selection->count; i++) {
		struct name_list_entry *entry = &selection->list.entry[i];
		struct stat status;
		char *path;
		bool in;

		if (asprintf(&path, "%s/%s", source, entry->path) < 0)
			return -ENOMEM;
		/* What is not there stays, to be told. */
		in = lstat(path, &status) || !*entry->path ||
		     is_let_in(selection, entry->path, S_ISDIR(status.st_mode));
		free(path);
		if (in)
			selection->list.entry[kept++] = *entry;
		else
			free(entry->path);
	}
	if (selection->count)
		selection->list.count = kept;
	return 0;
}
