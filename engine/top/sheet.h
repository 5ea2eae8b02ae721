/* SPDX-License-Identifier: MIT */
/* Lines of text, as they stand on a screen or are printed. */
#ifndef ENGINE_TOP_SHEET_H
#define ENGINE_TOP_SHEET_H

struct sheet {
	char **line;
	unsigned count;
	unsigned capacity;
};

/* All zeros is an empty one. */
void sheet_close(struct sheet *sheet);
/* Without memory for it, the line is left out: the next drawing may have better luck. */
void sheet_add(struct sheet *sheet, const char *line);
/* Leaves the first `count` lines. */
void sheet_cut(struct sheet *sheet, unsigned count);
/* Moves up to `count` lines, from `first` on, to the end of another sheet. */
void sheet_move(struct sheet *from, unsigned first, unsigned count, struct sheet *to);

#endif
