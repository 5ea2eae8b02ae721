/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/netlink.h>

#include <cmocka.h>

#include "bpf/uevent.h"

static const char add[] = "add@/devices/pci/usb1/block/sdb/sdb1\0ACTION=add\0DEVPATH=/x\0"
			  "SUBSYSTEM=block\0MAJOR=8\0MINOR=17\0DEVNAME=sdb1\0DEVTYPE=partition";

static void properties_are_taken(void **state)
{
	struct uevent uevent;

	(void)state;
	assert_int_equal(uevent_parse(add, sizeof(add), &uevent), 0);
	assert_int_equal(uevent.action, UEVENT_ADD);
	assert_string_equal(uevent.subsystem, "block");
	assert_string_equal(uevent.device_name, "sdb1");
	assert_int_equal(uevent.major, 8);
	assert_int_equal(uevent.minor, 17);
}

static void actions_are_told_apart(void **state)
{
	static const char remove_message[] = "remove@/x\0SUBSYSTEM=block";
	static const char change[] = "change@/x\0SUBSYSTEM=block";
	static const char bind[] = "bind@/x\0SUBSYSTEM=usb";
	struct uevent uevent;

	(void)state;
	assert_int_equal(uevent_parse(remove_message, sizeof(remove_message), &uevent), 0);
	assert_int_equal(uevent.action, UEVENT_REMOVE);
	assert_null(uevent.device_name);
	assert_int_equal(uevent_parse(change, sizeof(change), &uevent), 0);
	assert_int_equal(uevent.action, UEVENT_CHANGE);
	assert_int_equal(uevent_parse(bind, sizeof(bind), &uevent), 0);
	assert_int_equal(uevent.action, UEVENT_OTHER);
}

static void what_is_no_uevent_is_refused(void **state)
{
	static const char no_place[] = "add\0SUBSYSTEM=block";
	static const char no_subsystem[] = "add@/x\0MAJOR=8";
	static const char libudev[] = "libudev\0\xfe\xed\xca\xfe";
	struct uevent uevent;

	(void)state;
	assert_int_equal(uevent_parse(add, sizeof(add) - 1, &uevent), -EPROTO);
	assert_int_equal(uevent_parse(add, 0, &uevent), -EPROTO);
	assert_int_equal(uevent_parse(no_place, sizeof(no_place), &uevent), -EPROTO);
	assert_int_equal(uevent_parse(no_subsystem, sizeof(no_subsystem), &uevent), -EPROTO);
	assert_int_equal(uevent_parse(libudev, sizeof(libudev), &uevent), -EPROTO);
}

static void only_the_kernel_is_believed(void **state)
{
	(void)state;
	assert_true(uevent_is_genuine(0, true, 0, 0));
	assert_false(uevent_is_genuine(1234, true, 0, 0));
	assert_false(uevent_is_genuine(0, false, 0, 0));
	assert_false(uevent_is_genuine(0, true, 1000, 0));
	assert_false(uevent_is_genuine(0, true, 0, 1234));
}

/* Root may send messages to a netlink socket that look like the kernel's. */
static void a_forged_message_is_passed_over(void **state)
{
	struct sockaddr_nl to = {0};
	socklen_t bytes = sizeof(to);
	struct uevent_socket *receiver = NULL;
	struct uevent uevent;
	int sender, result;

	(void)state;
	if (geteuid() != 0 || uevent_open(&receiver) != 0)
		skip();
	assert_int_equal(getsockname(uevent_fd(receiver), (struct sockaddr *)&to, &bytes), 0);
	to.nl_groups = 0;
	sender = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
	assert_true(sender >= 0);
	assert_int_equal(sendto(sender, add, sizeof(add), 0, (struct sockaddr *)&to, sizeof(to)),
		sizeof(add));
	/* Genuine ones may come meanwhile; none of them is about this device. */
	while ((result = uevent_next(receiver, &uevent)) == 0)
		assert_false(uevent.device_name && strcmp(uevent.device_name, "sdb1") == 0);
	assert_int_equal(result, -EAGAIN);
	close(sender);
	uevent_close(receiver);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(properties_are_taken),
		cmocka_unit_test(actions_are_told_apart),
		cmocka_unit_test(what_is_no_uevent_is_refused),
		cmocka_unit_test(only_the_kernel_is_believed),
		cmocka_unit_test(a_forged_message_is_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
