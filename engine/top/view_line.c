/* SPDX-License-Identifier: MIT */
#include "top/view_rows.h"

#include <string.h>

void view_line_open(struct view_line *line, const struct view *view)
{
	line->view = view;
	cells_open(&line->cells, line->text, sizeof(line->text), view->style.utf8);
}

unsigned view_line_left(const struct view_line *line)
{
	unsigned columns = line->view->style.columns;

	return line->cells.columns < columns ? columns - line->cells.columns : 0;
}

void view_line_put(struct view_line *line, const char *text)
{
	view_line_put_start(line, text, strlen(text));
}

void view_line_put_start(struct view_line *line, const char *text, size_t bytes)
{
	cells_put_start(&line->cells, text, bytes, view_line_left(line));
}

void view_line_put_end(struct view_line *line, const char *text, size_t bytes)
{
	cells_put_name(&line->cells, text, bytes, view_line_left(line));
}

void view_line_tab(struct view_line *line, unsigned column)
{
	do {
		view_line_put(line, " ");
	} while (line->cells.columns < column && view_line_left(line));
}

void view_line_look(struct view_line *line, enum view_look look)
{
	static const char *const controls[] = {
		[LOOK_PLAIN] = "\033[m",
		[LOOK_STRONG] = "\033[1m",
		[LOOK_FAINT] = "\033[2m",
		[LOOK_BAD] = "\033[31m",
	};

	if (line->view->style.colour)
		cells_put_control(&line->cells, controls[look]);
}

void view_line_add(struct view_line *line, struct sheet *sheet)
{
	/* Nobody sees blanks at the end, and where lines are printed they would only be in the way.
	 */
	while (line->cells.used && line->text[line->cells.used - 1] == ' ')
		line->text[--line->cells.used] = '\0';
	view_line_look(line, LOOK_PLAIN);
	sheet_add(sheet, line->text);
}
