/* SPDX-License-Identifier: MIT */
#include "util/path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *path_last(const char *path)
{
	size_t end = strlen(path);
	size_t start;

	while (end && path[end - 1] == '/')
		end--;
	start = end;
	while (start && path[start - 1] != '/')
		start--;
	if (end == start || (end - start == 2 && !strncmp(path + start, "..", 2)))
		return strdup(".");
	return strndup(path + start, end - start);
}

char *path_directory(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup("");
	while (slash > path && slash[-1] == '/')
		slash--;
	return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

char *path_stripped(const char *path)
{
	size_t bytes = strlen(path);

	while (bytes > 1 && path[bytes - 1] == '/')
		bytes--;
	return strndup(path, bytes);
}

char *path_join(const char *directory, const char *name)
{
	size_t bytes = strlen(directory);
	char *joined;

	if (!strcmp(name, "."))
		return strdup(directory);
	if (asprintf(&joined, "%s%s%s", directory, bytes && directory[bytes - 1] != '/' ? "/" : "",
		    name) < 0)
		return NULL;
	return joined;
}
