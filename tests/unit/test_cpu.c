/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "util/cpu.h"

static void quotas_are_rounded_up_to_cpus(void **state)
{
	(void)state;
	assert_int_equal(cpu_quota_parse("max 100000"), 0);
	assert_int_equal(cpu_quota_parse("-1 100000"), 0);
	assert_int_equal(cpu_quota_parse("150000 100000"), 2);
	assert_int_equal(cpu_quota_parse("100000 100000"), 1);
	assert_int_equal(cpu_quota_parse("10000 100000"), 1);
	assert_int_equal(cpu_quota_parse("nonsense"), 0);
}

static void some_cpu_is_always_allowed(void **state)
{
	int cpu[4] = {-1, -1, -1, -1};

	(void)state;
	assert_in_range(cpu_allowed(cpu, 4), 1, 4);
	assert_true(cpu[0] >= 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotas_are_rounded_up_to_cpus),
		cmocka_unit_test(some_cpu_is_always_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
