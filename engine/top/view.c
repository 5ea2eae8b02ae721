/* SPDX-License-Identifier: MIT */
#include "top/view.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "top/view_rows.h"
#include "util/human.h"

#define FIXED_ROWS  2u /* the first line and the last one */
#define PART_ROWS   2u /* a blank line and a heading before each part */
#define ROWS_MIN    8u /* in fewer there is room for jobs alone */
#define PARTS       3u
#define CLOCK_BYTES 16u

#define KEYS "q quit  p pause  r resume  c cancel  x clear  ? help"

static const char *const help[] = {
	"",
	"  Up, Down, k, j   choose a job",
	"  p                let it stand still",
	"  r                let it go on",
	"  c                cancel it: then y, or another key to let it run",
	"  x                clear away the jobs that ended",
	"  ?                this help; any key ends it",
	"  q                quit; the jobs go on",
	"",
	"  A bar is, from left to right: durable, known to be on the medium;",
	"  accepted by the destination, maybe only in memory; read; and what is left.",
};

/* ---- the first line and the last one ---- */

static double rate_together(const struct top_jobs *jobs)
{
	double sum = 0;

	for (unsigned at = 0; at < jobs->count; at++)
		if (!jobs->row[at]->ended)
			sum += jobs->row[at]->progress.rate_bytes_per_s;
	return sum < 1e18 ? sum : 1e18;
}

static void say_jobs(const struct top_jobs *jobs, char *ret_text, size_t capacity)
{
	unsigned living = top_jobs_living(jobs);
	char rate[HUMAN_BYTES];

	if (!living)
		snprintf(ret_text, capacity, "no job runs");
	else if (living == 1)
		snprintf(ret_text, capacity, "1 job, %s/s",
			human_size((uint64_t)rate_together(jobs), rate));
	else
		snprintf(ret_text, capacity, "%u jobs, %s/s together", living,
			human_size((uint64_t)rate_together(jobs), rate));
}

static void add_title(const struct view *view, struct sheet *sheet)
{
	char text[96], clock[CLOCK_BYTES] = "";
	time_t now = time(NULL);
	struct tm local;
	struct view_line line;

	say_jobs(view->jobs, text, sizeof(text));
	if (localtime_r(&now, &local))
		strftime(clock, sizeof(clock), "%H:%M:%S", &local);
	view_line_open(&line, view);
	view_line_look(&line, LOOK_STRONG);
	view_line_put(&line, "haul top");
	view_line_look(&line, LOOK_PLAIN);
	view_line_put(&line, "  ");
	view_line_put(&line, text);
	if (view_line_left(&line) > strlen(clock) + 1) {
		view_line_tab(&line, view->style.columns - (unsigned)strlen(clock));
		view_line_put(&line, clock);
	}
	view_line_add(&line, sheet);
}

static void add_line(
	const struct view *view, const char *text, enum view_look look, struct sheet *sheet)
{
	struct view_line line;

	view_line_open(&line, view);
	view_line_look(&line, look);
	view_line_put(&line, text);
	view_line_add(&line, sheet);
}

static void add_last(const struct view *view, struct sheet *sheet)
{
	while (sheet->count + 1 < view->rows)
		sheet_add(sheet, "");
	if (*view->message)
		add_line(view, view->message, LOOK_STRONG, sheet);
	else
		add_line(view, view->keys ? KEYS : "", LOOK_FAINT, sheet);
}

/* ---- room ---- */

struct part {
	const char *title;
	struct sheet lines;
	unsigned first; /* the first of its lines that is shown */
	unsigned shown;
};

/* How many of a part's lines get a place, when there are `rows` for its heading and lines. */
static unsigned lines_in(unsigned rows)
{
	return rows > PART_ROWS ? rows - PART_ROWS : 0;
}

static unsigned rows_of(const struct part *part)
{
	return part->lines.count ? PART_ROWS + part->lines.count : 0;
}

/* Ports and devices get a quarter each where it is narrow, and jobs what is left. */
static void share(struct part part[PARTS], unsigned rows)
{
	unsigned left = rows;

	for (unsigned at = PARTS; at-- > 0;) {
		unsigned others = 0, wanted = rows_of(&part[at]), most;

		for (unsigned other = 0; other < at; other++)
			others += rows_of(&part[other]);
		most = at == 0 ? left : left > others ? left - others : 0;
		if (at && most < rows / 4)
			most = rows / 4;
		if (wanted > most)
			wanted = most;
		part[at].shown = lines_in(wanted);
		left -= part[at].shown ? PART_ROWS + part[at].shown : 0;
	}
}

/* The selected job stays in sight, its first line above all. */
static void scroll(struct part *jobs, unsigned first, unsigned end)
{
	if (end > jobs->shown)
		jobs->first = end - jobs->shown;
	if (jobs->first > first)
		jobs->first = first;
}

static void add_part(const struct view *view, struct part *part, struct sheet *sheet)
{
	if (!part->shown)
		return;
	sheet_add(sheet, "");
	add_line(view, part->title, LOOK_STRONG, sheet);
	sheet_move(&part->lines, part->first, part->shown, sheet);
}

static void add_parts(const struct view *view, struct sheet *sheet)
{
	struct part part[PARTS] = {
		{.title = "JOBS"}, {.title = "SERIAL PORTS"}, {.title = "DEVICES"}};
	unsigned first, end;

	view_jobs(view, &part[0].lines, &first, &end);
	if (!view->rows || view->rows >= ROWS_MIN) {
		view_ports(view, &part[1].lines);
		view_drives(view, &part[2].lines);
	}
	if (view->rows) {
		share(part, view->rows > FIXED_ROWS ? view->rows - FIXED_ROWS : 0);
		scroll(&part[0], first, end);
	}
	for (unsigned at = 0; at < PARTS; at++) {
		if (!view->rows)
			part[at].shown = part[at].lines.count;
		add_part(view, &part[at], sheet);
		sheet_close(&part[at].lines);
	}
}

void view_draw(const struct view *view, struct sheet *ret_sheet)
{
	struct sheet sheet = {0};

	add_title(view, &sheet);
	if (view->help)
		for (size_t at = 0; at < sizeof(help) / sizeof(help[0]); at++)
			add_line(view, help[at], LOOK_PLAIN, &sheet);
	else
		add_parts(view, &sheet);
	if (view->rows) {
		add_last(view, &sheet);
		sheet_cut(&sheet, view->rows);
	}
	*ret_sheet = sheet;
}
