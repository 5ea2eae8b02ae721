/* SPDX-License-Identifier: MIT */
/* The lines of each part of the screen, for view.c, which finds room for them. */
#ifndef ENGINE_TOP_VIEW_ROWS_H
#define ENGINE_TOP_VIEW_ROWS_H

#include "top/view.h"
#include "util/cells.h"

/* Appends the lines of all jobs. Those that tell of the selected one begin at *ret_first and end
 * before *ret_end. */
void view_jobs(
	const struct view *view, struct sheet *sheet, unsigned *ret_first, unsigned *ret_end);
void view_ports(const struct view *view, struct sheet *sheet);
void view_drives(const struct view *view, struct sheet *sheet);

/* ---- a line in the making ---- */

#define VIEW_LINE_BYTES (2 * BAR_BYTES)

struct view_line {
	const struct view *view;
	struct cells cells;
	char text[VIEW_LINE_BYTES];
};

void view_line_open(struct view_line *line, const struct view *view);
/* Columns that are left. */
unsigned view_line_left(const struct view_line *line);
/* Text of this program, as far as there is room; text of others, cut from the right or the left.
 */
void view_line_put(struct view_line *line, const char *text);
void view_line_put_start(struct view_line *line, const char *text, size_t bytes);
void view_line_put_end(struct view_line *line, const char *text, size_t bytes);
/* Goes on at this column, or after a blank. */
void view_line_tab(struct view_line *line, unsigned column);

enum view_look {
	LOOK_PLAIN,
	LOOK_STRONG,
	LOOK_FAINT,
	LOOK_BAD,
};
/* How what follows looks, where there is colour. */
void view_line_look(struct view_line *line, enum view_look look);
void view_line_add(struct view_line *line, struct sheet *sheet);

#endif
