/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/watch_filter.h"
#include "cli/watch_rules.h"

static struct device_event camera(void)
{
	return (struct device_event){
		.action = DEVICE_MOUNTED,
		.time_ns = UINT64_C(1700000000) * 1000000000u,
		.visible = true,
		.removable = true,
		.device = "/dev/sdb1",
		.identity = {.fstype = "vfat", .uuid = "12AB-34CD", .label = "CAM 01"},
		.mount_point = "/media/cam",
	};
}

static bool matches(const char *text, const struct device_event *event)
{
	struct filter filter;
	const char *word;
	bool result;

	assert_int_equal(filter_parse(text, &filter, &word), 0);
	result = filter_match(&filter, event);
	filter_free(&filter);
	return result;
}

static void all_terms_must_hold(void **state)
{
	const struct device_event event = camera();

	(void)state;
	assert_true(matches("", &event));
	assert_true(matches("label=CAM*", &event));
	assert_false(matches("label=cam*", &event));
	assert_true(matches("label=CAM*,fstype=vfat,removable=yes", &event));
	assert_false(matches("label=CAM*,fstype=ntfs", &event));
	assert_true(matches("fstype!=ntfs,mount=/media/*,action=mounted", &event));
	assert_false(matches("device!=/dev/sd*", &event));
}

static void what_is_not_known_is_empty(void **state)
{
	const struct device_event event = camera();

	(void)state;
	assert_true(matches("source=", &event));
	assert_true(matches("operation=*", &event));
	assert_false(matches("source=?*", &event));
}

static void wrong_expressions_are_named(void **state)
{
	static const char text[] = "label=x,colour=red";
	struct filter filter = {.count = 7};
	const char *word = NULL;

	(void)state;
	assert_int_equal(filter_parse(text, &filter, &word), -EINVAL);
	assert_ptr_equal(word, text + 8);
	assert_int_equal(filter_parse("label", &filter, &word), -EINVAL);
	assert_int_equal(filter_parse("=x", &filter, &word), -EINVAL);
	assert_int_equal(filter_parse("!=x", &filter, &word), -EINVAL);
	assert_int_equal(filter_parse("uuid=,uuid=,uuid=,uuid=,uuid=,uuid=,uuid=,uuid=,uuid=,uuid=,"
				      "uuid=,uuid=,uuid=,uuid=,uuid=,uuid=,uuid=",
				 &filter, &word),
		-E2BIG);
	assert_int_equal(filter.count, 7);
}

static void expect_word(const char *word, const struct device_event *event, const char *expected)
{
	char *text = rules_expand(word, event);

	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
}

static void placeholders_are_replaced(void **state)
{
	const struct device_event event = camera();

	(void)state;
	setenv("TZ", "UTC", 1);
	expect_word("{mount}/DCIM", &event, "/media/cam/DCIM");
	expect_word("/archive/{label}-{date}", &event, "/archive/CAM 01-2023-11-14");
	expect_word("{device} {uuid} {fstype} {time}", &event, "/dev/sdb1 12AB-34CD vfat 221320");
	expect_word("{other} { {} } {label", &event, "{other} { {} } {label");
}

static void a_label_can_do_no_harm(void **state)
{
	struct device_event event = camera();

	(void)state;
	strcpy(event.identity.label, "../../etc");
	expect_word("/archive/{label}", &event, "/archive/_._.._etc");
	strcpy(event.identity.label, "--help");
	expect_word("{label}", &event, "_-help");
	strcpy(event.identity.label, "a\nb\033[m");
	expect_word("{label}", &event, "a_b_[m");
	strcpy(event.identity.label, "{mount}");
	expect_word("{label}", &event, "{mount}");
	event.identity.label[0] = '\0';
	expect_word("{label}", &event, "12AB-34CD");
	event.identity.uuid[0] = '\0';
	expect_word("{label}", &event, "sdb1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_terms_must_hold),
		cmocka_unit_test(what_is_not_known_is_empty),
		cmocka_unit_test(wrong_expressions_are_named),
		cmocka_unit_test(placeholders_are_replaced),
		cmocka_unit_test(a_label_can_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
