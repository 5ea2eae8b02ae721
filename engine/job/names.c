/* SPDX-License-Identifier: MIT */
#include "job/names.h"

#include <stdio.h>
#include <string.h>

#include "job/root.h"
#include "util/quote.h"

void names_join(
	char *ret_text, size_t capacity, const char *label, const char *path, const char *name)
{
	const char *part[] = {label, path, name};
	size_t used = 0;

	ret_text[0] = '\0';
	for (unsigned i = 0; i < 3; i++) {
		bool slash = used && *part[i] && ret_text[used - 1] != '/';
		int bytes = snprintf(
			ret_text + used, capacity - used, "%s%s", slash ? "/" : "", part[i]);

		used += (size_t)bytes;
		if (used >= capacity)
			return;
	}
}

/* Of a path that is too deep, as much as there is room for. */
static void fill_path(const struct directory *directory, char *ret_path, size_t capacity)
{
	const struct directory *at = directory;
	int bytes;

	while ((bytes = directory_path(at, ret_path, capacity - sizeof("/..."))) < 0)
		at = at->parent;
	if (at != directory)
		strcpy(ret_path + bytes, "/...");
}

void names_fill(struct names *names, const struct directory *directory, struct wire_text name,
	struct wire_text target)
{
	const struct root *root = directory->root;
	char path[DIRECTORY_PATH_BYTES];

	/* One is left for the slash. */
	fill_path(directory, path, sizeof(path) - 1);
	names_join(names->source, sizeof(names->source), root->source_label, path, name.data);
	if (directory->flags & ENTRY_SLASH && !name.bytes)
		strcat(names->source, "/");
	names_join(names->target, sizeof(names->target), root->target_label, path,
		target.bytes ? target.data : name.data);
	quote_name(names->source, names->source_quoted, sizeof(names->source_quoted));
	quote_name(names->target, names->target_quoted, sizeof(names->target_quoted));
}
