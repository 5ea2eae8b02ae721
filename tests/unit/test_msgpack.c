/* SPDX-License-Identifier: MIT */
/* MessagePack and Socket.IO packets, byte for byte as notepack and @socket.io/redis-emitter make
 * them; tests/e2e/publish_socketio.sh compares with the real ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "publisher/socketio.h"

static const char *hex_of(const struct msgpack *pack)
{
	static char hex[1024];

	assert_false(pack->overflow);
	for (size_t at = 0; at < pack->used; at++)
		snprintf(hex + 2 * at, 3, "%02x", pack->data[at]);
	hex[2 * pack->used] = '\0';
	return hex;
}

static void assert_packed(const char *json, const char *expected)
{
	unsigned char data[400];
	struct msgpack pack;

	msgpack_open(&pack, data, sizeof(data));
	assert_true(msgpack_json(&pack, json, strlen(json)));
	assert_string_equal(hex_of(&pack), expected);
}

static void numbers_are_what_javascript_says(void **state)
{
	(void)state;
	assert_packed("[0,127,128,255,256,65535,65536]", "97007fcc80ccffcd0100cdffffce00010000");
	assert_packed("[4294967295,4294967296]", "92ceffffffffcf0000000100000000");
	assert_packed("9007199254740992", "cf0020000000000000");
	assert_packed("[-1,-32,-33,-128,-129]", "95ffe0d0dfd080d1ff7f");
	assert_packed(
		"[-32769,-2147483648,-2147483649]", "93d2ffff7fffd280000000d3ffffffff7fffffff");
	assert_packed("[10.0,1e3,0.0,-0.0]", "940acd03e80000");
	assert_packed("0.5", "cb3fe0000000000000");
	assert_packed("-1234567.8", "cbc132d687cccccccd");
	assert_packed("1300000000.1", "cb41d35f1b40066666");
	assert_packed("1e-7", "cb3e7ad7f29abcaf48");
}

static void strings_are_unescaped(void **state)
{
	(void)state;
	assert_packed("\"a\\n\\u00e4\\\"\\/\\\\\"", "a7610ac3a4222f5c");
	assert_packed("\"\\ud83d\\ude00\"", "a4f09f9880");
	assert_packed("\"\\ud83dx\"", "a4efbfbd78");
	assert_packed("\"0123456789012345678901234567890\"",
		"bf30313233343536373839303132333435363738393031323334353637383930");
	assert_packed("\"01234567890123456789012345678901\"",
		"d9203031323334353637383930313233343536373839303132333435363738393031");
}

static void groups_are_counted(void **state)
{
	(void)state;
	assert_packed("{\"a\":{},\"b\":[],\"c\":[true,false,null]}", "83a16180a16290a16393c3c2c0");
	assert_packed(
		"[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", "dc001001010101010101010101010101010101");
}

static void what_is_no_json_is_refused(void **state)
{
	unsigned char data[16];
	struct msgpack pack;

	(void)state;
	msgpack_open(&pack, data, sizeof(data));
	assert_false(msgpack_json(&pack, "{", 1));
}

static void a_packet_to_a_room(void **state)
{
	unsigned char data[256];
	struct msgpack pack;
	const struct socketio_packet packet = {
		.name = "progress", .json = "{}", .json_bytes = 2, .room = "job42"};

	(void)state;
	msgpack_open(&pack, data, sizeof(data));
	assert_true(socketio_encode(&packet, &pack));
	assert_string_equal(hex_of(&pack),
		"93a7656d697474657283a47479706502a46461746192a870726f677265737380a36e7370a12f"
		"83a5726f6f6d7391a56a6f623432a5666c61677380a665786365707490");
}

static void a_packet_to_all_others(void **state)
{
	static const char *const rooms[] = {"a", "b"};
	unsigned char data[256];
	struct msgpack pack;
	const struct socketio_packet packet = {.name = "file",
		.json = "[1]",
		.json_bytes = 3,
		.except = rooms,
		.except_count = 2,
		.may_be_lost = true};

	(void)state;
	msgpack_open(&pack, data, sizeof(data));
	assert_true(socketio_encode(&packet, &pack));
	assert_string_equal(hex_of(&pack),
		"93a7656d697474657283a47479706502a46461746192a466696c659101a36e7370a12f"
		"83a5726f6f6d7390a5666c61677381a8766f6c6174696c65c3a665786365707492a161a162");
}

static void overflow_is_said(void **state)
{
	const struct socketio_packet packet = {
		.name = "progress", .json = "{\"a\":0.5}", .json_bytes = 9, .room = "job42"};

	(void)state;
	for (size_t capacity = 0; capacity < 77; capacity++) {
		unsigned char data[128];
		struct msgpack pack;

		memset(data, '#', sizeof(data));
		msgpack_open(&pack, data, capacity);
		assert_false(socketio_encode(&packet, &pack));
		assert_int_equal(data[capacity], '#');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_what_javascript_says),
		cmocka_unit_test(strings_are_unescaped),
		cmocka_unit_test(groups_are_counted),
		cmocka_unit_test(what_is_no_json_is_refused),
		cmocka_unit_test(a_packet_to_a_room),
		cmocka_unit_test(a_packet_to_all_others),
		cmocka_unit_test(overflow_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
