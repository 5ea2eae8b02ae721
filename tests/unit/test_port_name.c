/* SPDX-License-Identifier: MIT */
/* Names of ports, and settings as text. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "serialctl/name.h"

static const struct haul_port_info ftdi = {
	.path = "/dev/ttyUSB3",
	.usb = 1,
	.vendor = 0x0403,
	.product = 0x6001,
	.serial = "A50285BI",
	.location = "1-1.2",
};

static void names_match_what_they_say(void **state)
{
	static const struct {
		const char *text;
		bool matches;
	} row[] = {
		{"usb:0403:6001", true},
		{"usb:0403:6015", false},
		{"usb:0403:6001:A50285BI", true},
		{"usb:0403:6001:A5", false},
		{"usb:0403:6001@1-1.2", true},
		{"usb:0403:6001@1-1", false},
		{"serial=A50285BI", true},
		{"serial=B", false},
	};
	struct port_name name;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_int_equal(port_name_parse(row[i].text, &name), 0);
		assert_null(name.path);
		assert_int_equal(port_name_matches(&name, &ftdi), row[i].matches);
	}
}

static void nonsense_is_refused(void **state)
{
	static const char *const text[] = {
		"", "usb:", "usb:403:6001", "usb:0403", "usb:0403:600g", "usb:0403:6001x"};
	struct port_name name;

	(void)state;
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++)
		assert_int_equal(port_name_parse(text[i], &name), -EINVAL);
}

static void other_texts_are_paths(void **state)
{
	struct port_name name;

	(void)state;
	assert_int_equal(port_name_parse("ttyACM0", &name), 0);
	assert_string_equal(name.path, "ttyACM0");
	assert_int_equal(port_name_parse("/dev/serial/by-id/usb-x", &name), 0);
	assert_string_equal(name.path, "/dev/serial/by-id/usb-x");
}

static void identity_survives_a_new_path(void **state)
{
	struct haul_port_info info = ftdi;
	char identity[HAUL_PORT_NAME_BYTES];
	struct port_name name;

	(void)state;
	haul_port_identity(&info, identity);
	assert_string_equal(identity, "usb:0403:6001:A50285BI");
	assert_int_equal(port_name_parse(identity, &name), 0);
	assert_true(port_name_matches(&name, &info));
	info.serial[0] = '\0';
	haul_port_identity(&info, identity);
	assert_string_equal(identity, "usb:0403:6001@1-1.2");
	assert_int_equal(port_name_parse(identity, &name), 0);
	assert_true(port_name_matches(&name, &info));
	info.usb = 0;
	haul_port_identity(&info, identity);
	assert_string_equal(identity, "/dev/ttyUSB3");
}

static void frames_are_read_and_written(void **state)
{
	struct haul_port_settings settings;
	char text[HAUL_PORT_SETTINGS_BYTES];

	(void)state;
	haul_port_settings_default(&settings);
	assert_int_equal(haul_port_settings_frame(&settings, "7e2"), 0);
	settings.flow = HAUL_FLOW_HARDWARE;
	haul_port_settings_format(&settings, text);
	assert_string_equal(text, "115200 7E2 rtscts");
	assert_int_equal(haul_port_settings_frame(&settings, "9N1"), -EINVAL);
	assert_int_equal(haul_port_settings_frame(&settings, "8X1"), -EINVAL);
	assert_int_equal(haul_port_settings_frame(&settings, "8N3"), -EINVAL);
	assert_int_equal(haul_port_settings_frame(&settings, "8N"), -EINVAL);
	assert_int_equal(settings.data_bits, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_match_what_they_say),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(other_texts_are_paths),
		cmocka_unit_test(identity_survives_a_new_path),
		cmocka_unit_test(frames_are_read_and_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
