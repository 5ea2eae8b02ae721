/* SPDX-License-Identifier: MIT */
#include "top/sheet.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define LINES_FIRST 64u

void sheet_close(struct sheet *sheet)
{
	for (unsigned at = 0; at < sheet->count; at++)
		free(sheet->line[at]);
	free(sheet->line);
	*sheet = (struct sheet){0};
}

static bool has_room(struct sheet *sheet)
{
	unsigned capacity = sheet->capacity ? 2 * sheet->capacity : LINES_FIRST;
	char **line;

	if (sheet->count < sheet->capacity)
		return true;
	line = reallocarray(sheet->line, capacity, sizeof(*line));
	if (!line)
		return false;
	sheet->line = line;
	sheet->capacity = capacity;
	return true;
}

static void add(struct sheet *sheet, char *line)
{
	if (line && has_room(sheet))
		sheet->line[sheet->count++] = line;
	else
		free(line);
}

void sheet_add(struct sheet *sheet, const char *line)
{
	add(sheet, strdup(line));
}

void sheet_cut(struct sheet *sheet, unsigned count)
{
	while (sheet->count > count)
		free(sheet->line[--sheet->count]);
}

void sheet_move(struct sheet *from, unsigned first, unsigned count, struct sheet *to)
{
	for (unsigned at = first; at < from->count && at - first < count; at++) {
		add(to, from->line[at]);
		from->line[at] = NULL;
	}
}
