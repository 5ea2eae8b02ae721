/* SPDX-License-Identifier: MIT */
/* The progress bar, to the column. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <cmocka.h>

#include "publisher/bar.h"
#include "util/cells.h"

#define TEXT(literal)                                                                              \
	{                                                                                          \
		literal, sizeof(literal) - 1                                                       \
	}

static const struct event_progress copying = {
	.operation = "cp",
	.totals =
		{
			.planning_done = 1,
			.counter =
				{
					[HAUL_FILES_PLANNED] = 23000,
					[HAUL_FILES_DONE] = 9800,
					[HAUL_BYTES_PLANNED] = UINT64_C(2900000000),
					[HAUL_BYTES_ACCEPTED] = UINT64_C(1230000000),
				},
		},
	.elapsed_s = 0.9,
	.rate_bytes_per_s = 1.3e9,
	.rate_files_per_s = 12000,
	.eta_known = true,
	.eta_s = 92,
	.current = {TEXT("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")},
	.current_count = 1,
};

static void assert_line(
	const struct event_progress *progress, unsigned columns, bool utf8, const char *expected)
{
	const struct bar_style style = {.columns = columns, .utf8 = utf8};
	char text[BAR_BYTES];

	bar_render(progress, &style, text);
	assert_string_equal(text, expected);
	assert_true(cells_count(text) <= columns);
}

static void what_fits_is_shown(void **state)
{
	(void)state;
	assert_line(&copying, 19, true, " 42%   1.3 GB/s");
	assert_line(&copying, 39, true, " 42%  1.2 GB   1.3 GB/s  ETA 1:32");
	assert_line(&copying, 79, true,
		" 42%  ━━━━━─────────  1.2 GB of 2.9 GB   1.3 GB/s  ETA 1:32  …u/asm/unistd_64.h");
	assert_line(&copying, 119, true,
		" 42%  ━━━━━━━━━─────────────  1.2 GB of 2.9 GB  9,800 of 23,000 files   "
		"1.3 GB/s  ETA 1:32  …-linux-gnu/asm/unistd_64.h");
	assert_line(&copying, 199, true,
		" 42%  ━━━━━━━━━━━━──────────────────  1.2 GB of 2.9 GB  9,800 of 23,000 files   "
		"1.3 GB/s  ETA 1:32  /usr/include/x86_64-linux-gnu/asm/unistd_64.h");
}

static void an_unfinished_plan_is_no_promise(void **state)
{
	struct event_progress progress = copying;

	(void)state;
	progress.totals.planning_done = 0;
	progress.eta_known = false;
	assert_line(&progress, 79, true,
		"≤42%  ━━━━━───────  1.2 GB of ≥2.9 GB  9,800 files   1.3 GB/s  …asm/unistd_64.h");
	assert_line(&progress, 39, false, "<=42%  1.2 GB of >=2.9 GB   1.3 GB/s");
}

static void plain_terminals_get_ascii(void **state)
{
	struct event_progress progress = copying;

	(void)state;
	progress.current[0] = (struct event_text)TEXT("a/ä");
	assert_line(&progress, 79, false,
		" 42%  =====---------  1.2 GB of 2.9 GB   1.3 GB/s  ETA 1:32  a/?");
}

static void removals_count_files(void **state)
{
	struct event_progress progress = copying;

	(void)state;
	progress.operation = "rm";
	progress.totals.counter[HAUL_BYTES_PLANNED] = 0;
	progress.totals.counter[HAUL_BYTES_ACCEPTED] = 0;
	assert_line(&progress, 19, true, " 42%  ETA 1:32");
	assert_line(&progress, 49, true, " 42%  9,800 files  12,000 files/s  ETA 1:32");
}

static void what_has_no_end_has_no_percent(void **state)
{
	struct event_progress progress = copying;

	(void)state;
	progress.operation = "serial";
	progress.totals.planning_done = 0;
	progress.totals.counter[HAUL_FILES_PLANNED] = 0;
	progress.totals.counter[HAUL_FILES_DONE] = 0;
	progress.totals.counter[HAUL_BYTES_PLANNED] = 0;
	progress.eta_known = false;
	progress.current_count = 0;
	assert_line(&progress, 79, true, "1.2 GB   1.3 GB/s");
}

static void failures_come_first(void **state)
{
	struct event_progress progress = copying;

	(void)state;
	progress.totals.counter[HAUL_FILES_FAILED] = 3;
	assert_line(&progress, 19, true, " 42%  3 failed");
	progress.totals.state = HAUL_STATE_PAUSED;
	progress.eta_known = false;
	progress.current_count = 0;
	assert_line(&progress, 39, true, " 42%  1.2 GB  paused  3 failed");
}

/* Bytes may be all there while files still wait for their metadata. */
static void hundred_percent_means_all(void **state)
{
	struct event_progress progress = copying;
	char text[BAR_BYTES];
	const struct bar_style style = {.columns = 10};

	(void)state;
	progress.totals.counter[HAUL_BYTES_ACCEPTED] = UINT64_C(2900000000);
	bar_render(&progress, &style, text);
	assert_string_equal(text, " 99%");
	progress.totals.counter[HAUL_FILES_DONE] = 22999;
	progress.totals.counter[HAUL_FILES_FAILED] = 1;
	bar_render(&progress, &style, text);
	assert_string_equal(text, " 99%");
	progress.totals.counter[HAUL_FILES_DONE] = 23000;
	progress.totals.counter[HAUL_FILES_FAILED] = 0;
	bar_render(&progress, &style, text);
	assert_string_equal(text, "100%");
	bar_render(&(struct event_progress){.totals.planning_done = 1}, &style, text);
	assert_string_equal(text, "  0%");
}

static void what_the_medium_lacks_is_told(void **state)
{
	struct event_progress progress = copying;

	(void)state;
	progress.totals.counter[HAUL_FILES_DONE] = 23000;
	progress.totals.counter[HAUL_BYTES_ACCEPTED] = UINT64_C(2900000000);
	progress.unwritten_bytes = UINT64_C(1100000000);
	progress.rate_bytes_per_s = 80e6;
	progress.eta_s = 14;
	assert_line(&progress, 19, false, " 99%  80.0 MB/s");
	assert_line(&progress, 39, false, " 99%  writing  80.0 MB/s  ETA 0:14");
	assert_line(&progress, 69, false,
		" 99%  ===============-  writing: 1.1 GB left  80.0 MB/s  ETA 0:14");
	progress.unwritten_bytes = 1;
	assert_line(&progress, 39, false, " 99%  writing  80.0 MB/s  ETA 0:14");
}

static void colour_changes_no_width(void **state)
{
	struct event_progress progress = copying;
	const struct bar_style style = {.columns = 79, .utf8 = true, .colour = true};
	char text[BAR_BYTES];

	(void)state;
	progress.totals.counter[HAUL_FILES_FAILED] = 3;
	progress.current_count = 0;
	bar_render(&progress, &style, text);
	assert_string_equal(text, " 42%  \033[32m━━━━━━━\033[m───────────\033[m  1.2 GB of 2.9 GB"
				  "   1.3 GB/s  ETA 1:32  \033[31m3 failed\033[m");
}

static void assert_layers(const struct event_progress *progress, bool utf8, const char *expected)
{
	const struct bar_style style = {.columns = 47, .utf8 = utf8, .layers = true};
	char text[BAR_BYTES];

	bar_render(progress, &style, text);
	assert_string_equal(text, expected);
}

static void layers_tell_what_is_sure(void **state)
{
	struct event_progress progress = {.totals.planning_done = 1};
	uint64_t *count = progress.totals.counter;

	(void)state;
	count[HAUL_FILES_PLANNED] = 2;
	count[HAUL_BYTES_PLANNED] = 9600;
	count[HAUL_BYTES_READ] = 7200;
	count[HAUL_BYTES_ACCEPTED] = 4800;
	count[HAUL_BYTES_DURABLE] = 2400;
	assert_layers(&progress, true, " 50%  ███▓▓▓▒▒▒░░░  4.8 kB of 9.6 kB      0 B/s");
	assert_layers(&progress, false, " 50%  ###===---...  4.8 kB of 9.6 kB      0 B/s");
	/* Not full before all files are there. */
	count[HAUL_BYTES_READ] = count[HAUL_BYTES_ACCEPTED] = count[HAUL_BYTES_DURABLE] = 9600;
	assert_layers(&progress, false, " 99%  ###########-  9.6 kB of 9.6 kB      0 B/s");
}

/* Whatever the name and the width: never wider, never a control character. */
static void no_line_is_too_wide(void **state)
{
	struct event_progress progress = copying;
	char text[BAR_BYTES];

	(void)state;
	progress.current[0] = (struct event_text)TEXT(
		"日本語/e\xcc\x81\n\x1b[2J\xff\xf0\x9f\x98\x80/日本語日本語日本語");
	for (unsigned columns = 10; columns < 300; columns++) {
		const struct bar_style style = {.columns = columns, .utf8 = true};
		wchar_t wide[BAR_BYTES];
		size_t length;

		bar_render(&progress, &style, text);
		length = mbstowcs(wide, text, BAR_BYTES);
		assert_true(length < BAR_BYTES);
		assert_in_range(wcswidth(wide, length), 1, columns);
	}
}

static void assert_summary(const struct event_progress *progress, const char *expected)
{
	char text[BAR_BYTES];

	bar_summary(progress, text);
	assert_string_equal(text, expected);
}

static void the_last_line_has_the_totals(void **state)
{
	struct event_progress progress = copying;

	(void)state;
	progress.totals.state = HAUL_STATE_DONE;
	progress.totals.counter[HAUL_FILES_DONE] = 23000;
	assert_summary(&progress, "copied 23,000 files, 1.2 GB in 0.9 s, 1.4 GB/s");
	progress.totals.counter[HAUL_BYTES_DURABLE] = UINT64_C(1230000000);
	assert_summary(&progress, "copied 23,000 files, 1.2 GB in 0.9 s, 1.4 GB/s, durable");
	progress.totals.counter[HAUL_BYTES_DURABLE] = 0;
	/* What was read back was not copied a second time. */
	progress.totals.counter[HAUL_BYTES_ACCEPTED] *= 2;
	progress.totals.counter[HAUL_BYTES_CHECKED] =
		progress.totals.counter[HAUL_BYTES_ACCEPTED] / 2;
	assert_summary(&progress, "copied 23,000 files, 1.2 GB in 0.9 s, 1.4 GB/s");
	progress.totals.counter[HAUL_BYTES_CHECKED] = 0;
	progress.totals.counter[HAUL_BYTES_ACCEPTED] /= 2;
	progress.totals.counter[HAUL_FILES_DONE] = 22990;
	progress.totals.counter[HAUL_FILES_SKIPPED] = 2;
	progress.totals.counter[HAUL_FILES_FAILED] = 8;
	assert_summary(&progress, "copied 22,990 of 23,000 files, 1.2 GB in 0.9 s, 1.4 GB/s, "
				  "2 skipped, 8 failed");
	progress.totals.state = HAUL_STATE_CANCELLED;
	progress.operation = "mv";
	progress.totals.counter[HAUL_FILES_SKIPPED] = 0;
	progress.totals.counter[HAUL_FILES_FAILED] = 0;
	assert_summary(
		&progress, "stopped: moved 22,990 of 23,000 files, 1.2 GB in 0.9 s, 1.4 GB/s");
	assert_summary(&(struct event_progress){.operation = "rm",
			       .totals.counter = {[HAUL_FILES_PLANNED] = 1, [HAUL_FILES_DONE] = 1}},
		"removed 1 file in 0.0 s");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_fits_is_shown),
		cmocka_unit_test(an_unfinished_plan_is_no_promise),
		cmocka_unit_test(plain_terminals_get_ascii),
		cmocka_unit_test(removals_count_files),
		cmocka_unit_test(what_has_no_end_has_no_percent),
		cmocka_unit_test(failures_come_first),
		cmocka_unit_test(hundred_percent_means_all),
		cmocka_unit_test(what_the_medium_lacks_is_told),
		cmocka_unit_test(colour_changes_no_width),
		cmocka_unit_test(layers_tell_what_is_sure),
		cmocka_unit_test(no_line_is_too_wide),
		cmocka_unit_test(the_last_line_has_the_totals),
	};

	uselocale(newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
