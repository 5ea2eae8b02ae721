/* SPDX-License-Identifier: MIT */
#include "publisher/bar.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/cells.h"
#include "util/human.h"

#define COLUMNS_MAX     1000u /* what BAR_BYTES surely holds */
#define PART_BYTES      96u
#define GAP_COLUMNS     2u
#define PERCENT_COLUMNS 4u
#define NAME_COLUMNS    16u /* a name cut shorter says nothing */
#define METER_COLUMNS   12u
#define METER_WIDE      30u
#define RATE_COLUMNS    9 /* the speed doesn't jump about: "1.3 GB/s", " 980 MB/s" */
#define SPEED_MAX       1e18
#define ELAPSED_MIN_S   0.001
#define GREEN           "\033[32m"
#define RED             "\033[31m"
#define CYAN            "\033[36m"
#define PLAIN           "\033[m"

/* The parts of a line, from left to right. */
enum part {
	PART_PERCENT,
	PART_METER,
	PART_BYTES_DONE,
	PART_FILES,
	PART_RATE,
	PART_ETA,
	PART_FAILED,
	PART_NAME,
	PARTS,
};

struct bar {
	const struct event_progress *progress;
	struct bar_style style;
	char text[PARTS][PART_BYTES]; /* "" when left out */
	unsigned name_columns;
	unsigned meter_columns;
	unsigned columns; /* taken so far */
};

static uint64_t counter(const struct bar *bar, enum haul_counter which)
{
	return bar->progress->totals.counter[which];
}

/* ---- what the parts say ---- */

static uint64_t files_finished(const struct event_progress *progress)
{
	const uint64_t *count = progress->totals.counter;

	return count[HAUL_FILES_DONE] + count[HAUL_FILES_FAILED] + count[HAUL_FILES_SKIPPED];
}

/* How much is done, from 0 to 1: of the bytes, where there are any. Not 1 unless all files are: one
 * that failed is not there, nor is one that the job still waits for. */
static double fraction(const struct event_progress *progress)
{
	const uint64_t *count = progress->totals.counter;
	uint64_t files = files_finished(progress);
	bool by_bytes = count[HAUL_BYTES_PLANNED] > 0;
	uint64_t done = by_bytes ? count[HAUL_BYTES_ACCEPTED] : files;
	uint64_t planned = by_bytes ? count[HAUL_BYTES_PLANNED] : count[HAUL_FILES_PLANNED];
	double part = planned ? (double)done / (double)planned : 0;
	bool all = files - count[HAUL_FILES_FAILED] >= count[HAUL_FILES_PLANNED] &&
		   !progress->unwritten_bytes;

	if (part > 0.99 && !all)
		return 0.99;
	return part < 1 ? part : 1;
}

static const char *at_least(const struct bar *bar)
{
	if (bar->progress->totals.planning_done)
		return "";
	return bar->style.utf8 ? "≥" : ">=";
}

/* What a serial port receives has no size that is known before its end. */
static bool is_endless(const struct bar *bar)
{
	return !counter(bar, HAUL_BYTES_PLANNED) && counter(bar, HAUL_BYTES_ACCEPTED);
}

static void say_percent(struct bar *bar, char *text)
{
	const char *at_most = bar->style.utf8 ? "≤" : "<=";
	bool exact = bar->progress->totals.planning_done;
	char number[16];
	unsigned columns;

	if (is_endless(bar))
		return;
	snprintf(number, sizeof(number), "%s%d%%", exact ? "" : at_most,
		(int)(fraction(bar->progress) * 100));
	columns = cells_count(number);
	snprintf(text, PART_BYTES, "%*s%s",
		(int)(columns < PERCENT_COLUMNS ? PERCENT_COLUMNS - columns : 0), "", number);
}

/* The destination has all of it, but its medium not yet. With 1 left, only the sync has to end. */
static void say_unwritten(const struct bar *bar, char *text, bool brief)
{
	char left[HUMAN_BYTES];

	human_size(bar->progress->unwritten_bytes, left);
	if (brief || bar->progress->unwritten_bytes == 1)
		snprintf(text, PART_BYTES, "writing");
	else
		snprintf(text, PART_BYTES, "writing: %s left", left);
}

static void say_bytes(struct bar *bar, char *text, bool brief)
{
	char done[HUMAN_BYTES], planned[HUMAN_BYTES];

	if (!counter(bar, HAUL_BYTES_PLANNED) && !is_endless(bar))
		return;
	if (bar->progress->unwritten_bytes) {
		say_unwritten(bar, text, brief);
		return;
	}
	human_size(counter(bar, HAUL_BYTES_ACCEPTED), done);
	if (brief || is_endless(bar))
		snprintf(text, PART_BYTES, "%s", done);
	else
		snprintf(text, PART_BYTES, "%s of %s%s", done, at_least(bar),
			human_size(counter(bar, HAUL_BYTES_PLANNED), planned));
}

static void say_files(struct bar *bar, char *text, bool brief)
{
	char done[HUMAN_BYTES], planned[HUMAN_BYTES];

	if (is_endless(bar) && !counter(bar, HAUL_FILES_PLANNED))
		return;
	human_count(files_finished(bar->progress), done);
	if (brief)
		snprintf(text, PART_BYTES, "%s files", done);
	else
		snprintf(text, PART_BYTES, "%s of %s%s files", done, at_least(bar),
			human_count(counter(bar, HAUL_FILES_PLANNED), planned));
}

/* A speed that no machine has comes from a region that someone has tampered with. */
static uint64_t whole(double speed)
{
	return speed < SPEED_MAX ? (uint64_t)speed : (uint64_t)SPEED_MAX;
}

static void say_rate(struct bar *bar, char *text)
{
	bool by_bytes = counter(bar, HAUL_BYTES_PLANNED) > 0 || is_endless(bar);
	char speed[HUMAN_BYTES], sentence[HUMAN_BYTES + 8];

	if (bar->progress->totals.state == HAUL_STATE_PAUSED) {
		snprintf(text, PART_BYTES, "paused");
		return;
	}
	if (by_bytes)
		human_size(whole(bar->progress->rate_bytes_per_s), speed);
	else
		human_count(whole(bar->progress->rate_files_per_s), speed);
	snprintf(sentence, sizeof(sentence), "%s%s/s", speed, by_bytes ? "" : " files");
	snprintf(text, PART_BYTES, "%*s", RATE_COLUMNS, sentence);
}

static void say_eta(struct bar *bar, char *text)
{
	char clock[HUMAN_BYTES];

	if (bar->progress->eta_known)
		snprintf(text, PART_BYTES, "ETA %s", human_clock(bar->progress->eta_s, clock));
}

static void say_failed(struct bar *bar, char *text)
{
	char count[HUMAN_BYTES];

	if (counter(bar, HAUL_FILES_FAILED))
		snprintf(text, PART_BYTES, "%s failed",
			human_count(counter(bar, HAUL_FILES_FAILED), count));
}

/* ---- which parts there is room for ---- */

static bool reserve(struct bar *bar, unsigned columns)
{
	unsigned gap = bar->columns ? GAP_COLUMNS : 0;

	if (!columns || bar->columns + gap + columns > bar->style.columns)
		return false;
	bar->columns += gap + columns;
	return true;
}

/* Puts the text in its place if it fits. */
static bool place(struct bar *bar, enum part part, const char *text)
{
	if (!reserve(bar, cells_count(text)))
		return false;
	memcpy(bar->text[part], text, strlen(text) + 1);
	return true;
}

static void place_either(
	struct bar *bar, enum part part, void (*say)(struct bar *bar, char *text, bool brief))
{
	char text[PART_BYTES] = "";

	say(bar, text, false);
	if (place(bar, part, text))
		return;
	say(bar, text, true);
	place(bar, part, text);
}

static void place_said(struct bar *bar, enum part part, void (*say)(struct bar *bar, char *text))
{
	char text[PART_BYTES] = "";

	say(bar, text);
	place(bar, part, text);
}

static void choose(struct bar *bar)
{
	unsigned left;

	place_said(bar, PART_PERCENT, say_percent);
	place_said(bar, PART_FAILED, say_failed);
	place_said(bar, PART_RATE, say_rate);
	place_said(bar, PART_ETA, say_eta);
	place_either(bar, PART_BYTES_DONE, say_bytes);
	if (!counter(bar, HAUL_BYTES_PLANNED))
		place_either(bar, PART_FILES, say_files);
	if (!is_endless(bar) && reserve(bar, METER_COLUMNS))
		bar->meter_columns = METER_COLUMNS;
	/* What is written is not one file. */
	if (bar->progress->current_count && !bar->progress->unwritten_bytes &&
		reserve(bar, NAME_COLUMNS))
		bar->name_columns = NAME_COLUMNS;
	if (!bar->text[PART_FILES][0])
		place_either(bar, PART_FILES, say_files);
	left = bar->style.columns - bar->columns;
	if (bar->meter_columns) {
		unsigned wider = left / 2 < METER_WIDE - METER_COLUMNS ? left / 2
								       : METER_WIDE - METER_COLUMNS;

		bar->meter_columns += wider;
		left -= wider;
	}
	if (bar->name_columns)
		bar->name_columns += left;
}

/* ---- the line ---- */

static void put_plain_meter(const struct bar *bar, struct cells *cells)
{
	const char *full = bar->style.utf8 ? "━" : "=";
	const char *rest = bar->style.utf8 ? "─" : "-";
	unsigned done = (unsigned)(fraction(bar->progress) * bar->meter_columns);

	if (bar->style.colour)
		cells_put_control(cells, GREEN);
	for (unsigned at = 0; at < bar->meter_columns; at++) {
		if (at == done && bar->style.colour)
			cells_put_control(cells, PLAIN);
		cells_put(cells, at < done ? full : rest);
	}
	if (bar->style.colour)
		cells_put_control(cells, PLAIN);
}

/* From what is surest to what is still to come; each ends at a column of the meter. */
enum layer {
	LAYER_DURABLE,
	LAYER_ACCEPTED,
	LAYER_READ,
	LAYER_REST,
	LAYERS,
};

static unsigned layer_end(const struct bar *bar, enum layer layer)
{
	static const enum haul_counter counters[] = {
		[LAYER_DURABLE] = HAUL_BYTES_DURABLE,
		[LAYER_ACCEPTED] = HAUL_BYTES_ACCEPTED,
		[LAYER_READ] = HAUL_BYTES_READ,
	};
	uint64_t planned = counter(bar, HAUL_BYTES_PLANNED);
	double part;

	if (layer == LAYER_REST)
		return bar->meter_columns;
	/* Where there are no bytes, what is done is done. */
	if (!planned)
		return (unsigned)(fraction(bar->progress) * bar->meter_columns);
	part = (double)counter(bar, counters[layer]) / (double)planned;
	if (layer != LAYER_READ && part > fraction(bar->progress))
		part = fraction(bar->progress);
	return (unsigned)((part < 1 ? part : 1) * bar->meter_columns);
}

static void put_layers(const struct bar *bar, struct cells *cells)
{
	static const char *const glyphs[2][LAYERS] = {{"#", "=", "-", "."}, {"█", "▓", "▒", "░"}};
	static const char *const colours[LAYERS] = {GREEN, CYAN, PLAIN, PLAIN};
	unsigned at = 0;

	for (enum layer layer = 0; layer < LAYERS; layer++) {
		unsigned end = layer_end(bar, layer);

		if (at < end && bar->style.colour)
			cells_put_control(cells, colours[layer]);
		for (; at < end; at++)
			cells_put(cells, glyphs[bar->style.utf8][layer]);
	}
	if (bar->style.colour)
		cells_put_control(cells, PLAIN);
}

static void put_meter(const struct bar *bar, struct cells *cells)
{
	if (bar->style.layers)
		put_layers(bar, cells);
	else
		put_plain_meter(bar, cells);
}

static void put_name(const struct bar *bar, struct cells *cells)
{
	const struct event_text *name = &bar->progress->current[0];

	cells_put_name(cells, name->data, name->bytes, bar->name_columns);
}

static void put_text(const struct bar *bar, enum part part, struct cells *cells)
{
	bool red = part == PART_FAILED && bar->style.colour;

	if (red)
		cells_put_control(cells, RED);
	cells_put(cells, bar->text[part]);
	if (red)
		cells_put_control(cells, PLAIN);
}

static void put_part(const struct bar *bar, enum part part, struct cells *cells)
{
	bool there = part == PART_METER  ? bar->meter_columns > 0
		     : part == PART_NAME ? bar->name_columns > 0
					 : bar->text[part][0] != '\0';

	if (!there)
		return;
	if (cells->used)
		cells_put(cells, "  ");
	if (part == PART_METER)
		put_meter(bar, cells);
	else if (part == PART_NAME)
		put_name(bar, cells);
	else
		put_text(bar, part, cells);
}

void bar_render(const struct event_progress *progress, const struct bar_style *style,
	char ret_text[BAR_BYTES])
{
	struct bar bar = {.progress = progress, .style = *style};
	struct cells cells;

	if (bar.style.columns > COLUMNS_MAX)
		bar.style.columns = COLUMNS_MAX;
	choose(&bar);
	cells_open(&cells, ret_text, BAR_BYTES, style->utf8);
	for (enum part part = 0; part < PARTS; part++)
		put_part(&bar, part, &cells);
}

/* ---- the end ---- */

static const char *verb(const char *operation)
{
	static const char *const past[][2] = {
		{"cp", "copied"}, {"mv", "moved"}, {"rm", "removed"}, {"verify", "compared"}};

	for (size_t at = 0; at < sizeof(past) / sizeof(past[0]); at++)
		if (strcmp(operation, past[at][0]) == 0)
			return past[at][1];
	return "finished";
}

static void append(char *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void append(char *text, const char *format, ...)
{
	size_t used = strlen(text);
	va_list list;

	va_start(list, format);
	vsnprintf(text + used, BAR_BYTES - used, format, list);
	va_end(list);
}

static void append_files(const struct event_progress *progress, char *text)
{
	uint64_t done = progress->totals.counter[HAUL_FILES_DONE];
	uint64_t planned = progress->totals.counter[HAUL_FILES_PLANNED];
	char count[HUMAN_BYTES];

	append(text, " %s", human_count(done, count));
	if (done < planned)
		append(text, " of %s", human_count(planned, count));
	append(text, " file%s", done == 1 && planned <= 1 ? "" : "s");
}

void bar_summary(const struct event_progress *progress, char ret_text[BAR_BYTES])
{
	const uint64_t *count = progress->totals.counter;
	double seconds = progress->elapsed_s > ELAPSED_MIN_S ? progress->elapsed_s : ELAPSED_MIN_S;
	uint64_t bytes = count[HAUL_BYTES_ACCEPTED] - count[HAUL_BYTES_CHECKED];
	char text[HUMAN_BYTES];

	ret_text[0] = '\0';
	if (progress->totals.state == HAUL_STATE_CANCELLED)
		append(ret_text, "stopped: ");
	append(ret_text, "%s", verb(progress->operation));
	append_files(progress, ret_text);
	if (bytes)
		append(ret_text, ", %s", human_size(bytes, text));
	append(ret_text, " in %s", human_duration(progress->elapsed_s, text));
	if (bytes)
		append(ret_text, ", %s/s", human_size(whole((double)bytes / seconds), text));
	if (bytes && count[HAUL_BYTES_DURABLE] >= count[HAUL_BYTES_ACCEPTED])
		append(ret_text, ", durable");
	if (count[HAUL_FILES_SKIPPED])
		append(ret_text, ", %s skipped", human_count(count[HAUL_FILES_SKIPPED], text));
	if (count[HAUL_FILES_FAILED])
		append(ret_text, ", %s failed", human_count(count[HAUL_FILES_FAILED], text));
}
