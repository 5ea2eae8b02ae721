/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "job/telling.h"

struct ear {
	struct tellings tellings;
	int pipe[2];
	char heard[64];
};

static int set_up(void **state)
{
	struct ear *ear = calloc(1, sizeof(*ear));

	*state = ear;
	return !ear || pipe(ear->pipe);
}

static int tear_down(void **state)
{
	struct ear *ear = *state;

	telling_free_all(&ear->tellings);
	close(ear->pipe[0]);
	close(ear->pipe[1]);
	free(ear);
	return 0;
}

static void say(struct ear *ear, struct telling *telling, const char *text)
{
	ear->tellings.current = telling;
	telling_say(&ear->tellings, ear->pipe[1], text, strlen(text));
}

/* All that was written until now. A mark behind it keeps the read from waiting. */
static const char *heard(struct ear *ear)
{
	ssize_t bytes;

	assert_int_equal(write(ear->pipe[1], ".", 1), 1);
	bytes = read(ear->pipe[0], ear->heard, sizeof(ear->heard) - 1);
	assert_true(bytes > 0);
	ear->heard[bytes - 1] = '\0';
	return ear->heard;
}

static void later_ones_wait_for_earlier_ones(void **state)
{
	struct ear *ear = *state;
	struct telling *a = telling_begin(&ear->tellings), *b = telling_begin(&ear->tellings);

	say(ear, b, "b");
	say(ear, a, "a");
	assert_string_equal(heard(ear), "a");
	telling_release(&ear->tellings, a);
	assert_string_equal(heard(ear), "b");
	say(ear, b, "more");
	assert_string_equal(heard(ear), "more");
	telling_release(&ear->tellings, b);
	assert_null(ear->tellings.first);
}

static void one_that_ended_early_keeps_its_place(void **state)
{
	struct ear *ear = *state;
	struct telling *a = telling_begin(&ear->tellings), *b = telling_begin(&ear->tellings);
	struct telling *c = telling_begin(&ear->tellings);

	say(ear, c, "c");
	telling_hold(b);
	telling_release(&ear->tellings, c);
	say(ear, b, "b");
	telling_release(&ear->tellings, b);
	telling_release(&ear->tellings, a);
	assert_string_equal(heard(ear), "b");
	telling_release(&ear->tellings, b);
	assert_string_equal(heard(ear), "c");
	assert_null(ear->tellings.first);
}

static void what_belongs_to_none_is_said_at_once(void **state)
{
	struct ear *ear = *state;
	struct telling *a = telling_begin(&ear->tellings), *b = telling_begin(&ear->tellings);

	say(ear, NULL, "now");
	say(ear, b, "b");
	assert_string_equal(heard(ear), "now");
	telling_catch_up(&ear->tellings);
	assert_string_equal(heard(ear), "b");
	telling_release(&ear->tellings, b);
	telling_release(&ear->tellings, a);
}

static void not_too_much_is_kept(void **state)
{
	struct ear *ear = *state;
	struct telling *a = telling_begin(&ear->tellings), *b = telling_begin(&ear->tellings);
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	char text[1000] = "";
	size_t most = 0;

	ear->tellings.current = b;
	for (unsigned i = 0; i < 5000; i++) {
		telling_say(&ear->tellings, nowhere, text, sizeof(text));
		if (ear->tellings.kept_bytes > most)
			most = ear->tellings.kept_bytes;
	}
	assert_in_range(most, sizeof(text), 1u << 20);
	telling_release(&ear->tellings, b);
	telling_release(&ear->tellings, a);
	close(nowhere);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			later_ones_wait_for_earlier_ones, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			one_that_ended_early_keeps_its_place, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_belongs_to_none_is_said_at_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(not_too_much_is_kept, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
