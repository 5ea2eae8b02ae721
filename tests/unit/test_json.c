/* SPDX-License-Identifier: MIT */
/* JSON: what is written, and what is taken for it. */
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "publisher/scan.h"
#include "util/json.h"

static void assert_written(const struct json *json, const char *expected)
{
	assert_false(json->overflow);
	assert_int_equal(json->used, strlen(expected));
	assert_memory_equal(json->text, expected, json->used);
}

static void groups_have_their_commas(void **state)
{
	char text[128];
	struct json json;

	(void)state;
	json_open(&json, text, sizeof(text));
	json_object(&json);
	json_key(&json, "a");
	json_array(&json);
	json_integer(&json, 1);
	json_null(&json);
	json_object(&json);
	json_object_end(&json);
	json_array_end(&json);
	json_key(&json, "b");
	json_bool(&json, true);
	json_key(&json, "c");
	json_base64(&json, "\xff\x00", 2);
	json_raw(&json, "\"d\":2", 5);
	json_object_end(&json);
	assert_written(&json, "{\"a\":[1,null,{}],\"b\":true,\"c\":\"/wA=\",\"d\":2}");
}

static void assert_string_as(const char *text, size_t bytes, const char *expected)
{
	char buffer[128];
	struct json json;

	json_open(&json, buffer, sizeof(buffer));
	json_string(&json, text, bytes);
	assert_written(&json, expected);
}

static void strings_are_escaped(void **state)
{
	(void)state;
	assert_string_as("", 0, "\"\"");
	assert_string_as("a\"\\/b", 5, "\"a\\\"\\\\/b\"");
	assert_string_as("\b\f\n\r\t\x01\0\x7f", 8, "\"\\b\\f\\n\\r\\t\\u0001\\u0000\\u007f\"");
	assert_string_as("\xc2\x9b", 2, "\"\\u009b\"");
	assert_string_as("aä€😀", strlen("aä€😀"), "\"aä€😀\"");
	assert_string_as("a\xff\xe2\x82z", 5, "\"a��z\"");
}

static void numbers_survive_javascript(void **state)
{
	char text[256];
	struct json json;

	(void)state;
	json_open(&json, text, sizeof(text));
	json_array(&json);
	json_integer(&json, UINT64_C(9007199254740992));
	json_integer(&json, UINT64_C(9007199254740993));
	json_integer(&json, UINT64_MAX);
	json_signed(&json, INT32_MIN);
	json_decimal(&json, 10);
	json_decimal(&json, 0.25);
	json_decimal(&json, -0.04);
	json_decimal(&json, -1.96);
	json_decimal(&json, (double)NAN);
	json_decimal(&json, (double)INFINITY);
	json_array_end(&json);
	assert_written(&json, "[9007199254740992,\"9007199254740993\",\"18446744073709551615\","
			      "-2147483648,10.0,0.3,0.0,-2.0,null,null]");
}

/* At every length, what does not fit is said and nothing beyond the buffer is touched. */
static void overflow_is_said(void **state)
{
	static const char expected[] = "{\"key\":\"a\\nä\\u0001\",\"x\":\"AAA=\"}";

	(void)state;
	for (size_t capacity = 0; capacity <= sizeof(expected); capacity++) {
		char text[64];
		struct json json;

		memset(text, '#', sizeof(text));
		json_open(&json, text, capacity);
		json_object(&json);
		json_key(&json, "key");
		json_string(&json, "a\nä\x01", 5);
		json_key(&json, "x");
		json_base64(&json, "\0\0", 2);
		json_object_end(&json);
		assert_int_equal(json.overflow, capacity < sizeof(expected) - 1);
		assert_int_equal(text[capacity], '#');
	}
}

static void valid_texts_are_taken(void **state)
{
	static const struct {
		const char *text;
		enum scan_type type;
		size_t count;
	} cases[] = {
		{" { } ", SCAN_OBJECT, 0},
		{"{\"a\":1,\"b\":[1,2,{}]}", SCAN_OBJECT, 2},
		{"[[],[],null]", SCAN_ARRAY, 3},
		{"-0.5e+10", SCAN_NUMBER, 0},
		{"\"\\u00e4\\n\\\"ä\"", SCAN_STRING, 0},
		{"true", SCAN_TRUE, 0},
		{"false", SCAN_FALSE, 0},
		{"null", SCAN_NULL, 0},
	};

	(void)state;
	for (size_t at = 0; at < sizeof(cases) / sizeof(cases[0]); at++) {
		struct scan_value value;

		assert_true(scan_text(cases[at].text, strlen(cases[at].text), &value));
		assert_int_equal(value.type, cases[at].type);
		assert_int_equal(value.count, cases[at].count);
	}
}

static void invalid_texts_are_refused(void **state)
{
	static const char *const cases[] = {"", " ", "{", "}", "{]", "[1,]", "{\"a\"}", "{\"a\":}",
		"{\"a\":1,}", "{a:1}", "{1:1}", "01", "1.", ".5", "-", "1e", "+1", "tru", "truex",
		"nul", "\"", "\"\\x\"", "\"\\u12g4\"", "\"\n\"", "\"\xff\"", "1 2", "{} {}",
		"[1 2]", "'a'", "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]"};

	(void)state;
	for (size_t at = 0; at < sizeof(cases) / sizeof(cases[0]); at++) {
		struct scan_value value;

		assert_false(scan_text(cases[at], strlen(cases[at]), &value));
	}
	assert_false(scan_text("\0", 1, &(struct scan_value){0}));
}

static void members_are_walked(void **state)
{
	static const char text[] = "{ \"a\" : [ 1 , 2 ] , \"b\" : \"x\" }";
	struct scan_value object, key, value;
	struct scan scan;

	(void)state;
	assert_true(scan_text(text, strlen(text), &object));
	scan = scan_enter(&object);
	scan_member(&scan, &key, &value);
	assert_memory_equal(key.text, "\"a\"", 3);
	assert_int_equal(value.type, SCAN_ARRAY);
	assert_int_equal(value.count, 2);
	scan_member(&scan, &key, &value);
	assert_memory_equal(value.text, "\"x\"", 3);
	scan = scan_enter(&(struct scan_value){SCAN_ARRAY, "[1,2]", 5, 2});
	scan_element(&scan, &value);
	scan_element(&scan, &value);
	assert_memory_equal(value.text, "2", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_have_their_commas),
		cmocka_unit_test(strings_are_escaped),
		cmocka_unit_test(numbers_survive_javascript),
		cmocka_unit_test(overflow_is_said),
		cmocka_unit_test(valid_texts_are_taken),
		cmocka_unit_test(invalid_texts_are_refused),
		cmocka_unit_test(members_are_walked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
