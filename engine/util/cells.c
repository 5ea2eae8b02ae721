/* SPDX-License-Identifier: MIT */
#include "util/cells.h"

#include <string.h>
#include <wchar.h>

#include "util/utf8.h"

/* A character as it will be shown. */
struct glyph {
	char text[UTF8_BYTES];
	size_t bytes;
	unsigned columns;
};

void cells_open(struct cells *cells, char *text, size_t capacity, bool utf8)
{
	*cells = (struct cells){.text = text, .capacity = capacity, .utf8 = utf8};
	text[0] = '\0';
}

static void put(struct cells *cells, const char *text, size_t bytes, unsigned columns)
{
	if (bytes >= cells->capacity - cells->used)
		return;
	memcpy(cells->text + cells->used, text, bytes);
	cells->used += bytes;
	cells->text[cells->used] = '\0';
	cells->columns += columns;
}

/* A NUL would end the text; marks and overrides turn the direction of everything behind them. */
static bool is_harmful(uint32_t code)
{
	return code == 0 || code == UTF8_INVALID || code == 0x061c || code == 0x200e ||
	       code == 0x200f || (code >= 0x202a && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
}

static void glyph_replace(struct glyph *glyph, bool utf8)
{
	glyph->columns = 1;
	glyph->text[0] = '?';
	glyph->bytes = utf8 ? utf8_put(UTF8_REPLACEMENT, glyph->text) : 1;
}

/* Returns how many bytes of the name it took. */
static size_t glyph_next(struct glyph *glyph, const char *name, size_t bytes, bool utf8)
{
	uint32_t code;
	size_t length = utf8_next(name, bytes, &code);
	int columns;

	columns = is_harmful(code) ? -1 : wcwidth((wchar_t)code);
	if (columns < 0 || (!utf8 && code > 0x7e)) {
		glyph_replace(glyph, utf8);
	} else {
		memcpy(glyph->text, name, length);
		glyph->bytes = length;
		glyph->columns = (unsigned)columns;
	}
	return length;
}

static unsigned name_columns(const char *name, size_t bytes, bool utf8)
{
	unsigned columns = 0;

	while (bytes) {
		struct glyph glyph;
		size_t length = glyph_next(&glyph, name, bytes, utf8);

		columns += glyph.columns;
		name += length;
		bytes -= length;
	}
	return columns;
}

/* Skips characters until at most `columns` are left, and then those that would be drawn onto the
 * last skipped one. Returns how many bytes to skip. */
static size_t skip_bytes(const char *name, size_t bytes, bool utf8, unsigned left, unsigned columns)
{
	size_t skipped = 0;

	while (skipped < bytes) {
		struct glyph glyph;
		size_t length = glyph_next(&glyph, name + skipped, bytes - skipped, utf8);

		if (left <= columns && glyph.columns)
			break;
		left -= glyph.columns;
		skipped += length;
	}
	return skipped;
}

/* Appends all characters that take at most `columns` together. */
static void put_glyphs(struct cells *cells, const char *text, size_t bytes, unsigned columns)
{
	while (bytes) {
		struct glyph glyph;
		size_t length = glyph_next(&glyph, text, bytes, cells->utf8);

		if (glyph.columns > columns)
			return;
		columns -= glyph.columns;
		put(cells, glyph.text, glyph.bytes, glyph.columns);
		text += length;
		bytes -= length;
	}
}

void cells_put_name(struct cells *cells, const char *name, size_t bytes, unsigned columns)
{
	const char *ellipsis = cells->utf8 ? "…" : "...";
	unsigned ellipsis_columns = cells_count(ellipsis);
	unsigned all = name_columns(name, bytes, cells->utf8);

	if (all > columns) {
		size_t skipped;

		if (columns < ellipsis_columns)
			return;
		skipped = skip_bytes(name, bytes, cells->utf8, all, columns - ellipsis_columns);
		name += skipped;
		bytes -= skipped;
		cells_put(cells, ellipsis);
	}
	put_glyphs(cells, name, bytes, columns);
}

void cells_put_start(struct cells *cells, const char *text, size_t bytes, unsigned columns)
{
	const char *ellipsis = cells->utf8 ? "…" : "...";
	unsigned ellipsis_columns = cells_count(ellipsis);

	if (name_columns(text, bytes, cells->utf8) <= columns) {
		put_glyphs(cells, text, bytes, columns);
	} else if (columns >= ellipsis_columns) {
		put_glyphs(cells, text, bytes, columns - ellipsis_columns);
		cells_put(cells, ellipsis);
	}
}

void cells_put(struct cells *cells, const char *text)
{
	put(cells, text, strlen(text), cells_count(text));
}

void cells_put_control(struct cells *cells, const char *text)
{
	put(cells, text, strlen(text), 0);
}

unsigned cells_count(const char *text)
{
	unsigned columns = 0;

	for (; *text; text++)
		columns += ((unsigned char)*text & 0xc0) != 0x80; /* not inside a character */
	return columns;
}
