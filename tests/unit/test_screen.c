/* SPDX-License-Identifier: MIT */
/* How received and typed bytes look in a terminal session. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/screen.h"

#define NOON_MS (12u * 3600 * 1000 + 34 * 60 * 1000 + 56 * 1000 + 789)

static void assert_shown(unsigned view, const char *data, const char *expected)
{
	struct screen screen = {.view = view};
	char text[512];
	size_t bytes = screen_show(&screen, (const uint8_t *)data, strlen(data), NOON_MS, text);

	assert_true(bytes <= strlen(data) * SCREEN_BYTES_PER_BYTE);
	assert_int_equal(bytes, strlen(expected));
	assert_memory_equal(text, expected, bytes);
}

static void bytes_are_shown_as_they_are(void **state)
{
	(void)state;
	assert_shown(0, "a\r\n\x1b[1mb", "a\r\n\x1b[1mb");
}

static void line_ends_are_mapped(void **state)
{
	(void)state;
	assert_shown(SCREEN_IN_LF_CRLF, "a\nb", "a\r\nb");
	assert_shown(SCREEN_IN_CR_LF, "a\rb", "a\nb");
	assert_shown(SCREEN_IN_CR_LF | SCREEN_IN_LF_CRLF, "a\rb", "a\r\nb");
}

static void times_stand_before_lines(void **state)
{
	(void)state;
	assert_shown(SCREEN_TIME, "ab\r\nc", "[12:34:56.789] ab\r\n[12:34:56.789] c");
}

static void hex_comes_sixteen_to_a_line(void **state)
{
	(void)state;
	assert_shown(SCREEN_HEX, "\x01\xff", "01 ff ");
	assert_shown(SCREEN_HEX, "0123456789abcdefg",
		"30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66\r\n67 ");
}

/* The worst case of what a byte can become fits in what the header promises. */
static void nothing_outgrows_its_room(void **state)
{
	struct screen screen = {.view = SCREEN_TIME | SCREEN_IN_LF_CRLF};
	char text[4 * SCREEN_BYTES_PER_BYTE];

	(void)state;
	assert_in_range(screen_show(&screen, (const uint8_t *)"\n\n\n\n", 4, NOON_MS, text), 1,
		sizeof(text));
}

static void assert_typed(unsigned view, const char *data, const char *expected)
{
	const struct screen screen = {.view = view};
	uint8_t sent[64];
	size_t bytes = screen_typed(&screen, (const uint8_t *)data, strlen(data), sent);

	assert_int_equal(bytes, strlen(expected));
	assert_memory_equal(sent, expected, bytes);
}

static void what_is_typed_is_mapped(void **state)
{
	(void)state;
	assert_typed(0, "a\r\x7f", "a\r\x7f");
	assert_typed(SCREEN_OUT_CR_LF, "a\r", "a\n");
	assert_typed(SCREEN_OUT_CR_CRLF, "a\r\r", "a\r\n\r\n");
	assert_typed(SCREEN_OUT_DEL_BS, "\x7f", "\b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_shown_as_they_are),
		cmocka_unit_test(line_ends_are_mapped),
		cmocka_unit_test(times_stand_before_lines),
		cmocka_unit_test(hex_comes_sixteen_to_a_line),
		cmocka_unit_test(nothing_outgrows_its_room),
		cmocka_unit_test(what_is_typed_is_mapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
