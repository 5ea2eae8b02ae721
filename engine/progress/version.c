/* SPDX-License-Identifier: MIT */
#include "haul/version.h"

#include "haul/progress.h"

const char *haul_version(void)
{
	return HAUL_VERSION;
}
