/* SPDX-License-Identifier: MIT */
#include "util/name_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int take_line(char *line, int (*take)(void *context, const char *name), void *context)
{
	if (!*line || *line == '#' || *line == ';')
		return 0;
	return take(context, line);
}

/* A line may hold several, between carriage returns. */
static int take_lines(
	char *line, bool nul, int (*take)(void *context, const char *name), void *context)
{
	int error = 0;

	while (line && !error) {
		char *end = nul ? NULL : strchr(line, '\r');

		if (end)
			*end++ = '\0';
		error = take_line(line, take, context);
		line = end;
	}
	return error;
}

static int read_all(
	FILE *file, bool nul, int (*take)(void *context, const char *name), void *context)
{
	int delimiter = nul ? '\0' : '\n', error = 0;
	size_t capacity = 0;
	char *line = NULL;
	ssize_t bytes;

	errno = 0;
	while (!error && (bytes = getdelim(&line, &capacity, delimiter, file)) > 0) {
		if (line[bytes - 1] == delimiter)
			line[bytes - 1] = '\0';
		error = take_lines(line, nul, take, context);
		errno = 0;
	}
	if (!error && !feof(file))
		error = errno ? -errno : -EIO;
	free(line);
	return error;
}

int name_file_read(
	const char *path, bool nul, int (*take)(void *context, const char *name), void *context)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "re") : stdin;
	int error;

	if (!file)
		return -errno;
	error = read_all(file, nul, take, context);
	if (file != stdin)
		(void)fclose(file);
	return error;
}
