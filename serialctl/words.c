/* SPDX-License-Identifier: MIT */
#include "serialctl/words.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "haul/serial.h"

const char *words_port_error(int error)
{
	switch (error) {
	case -ENODEV:
		return "no such port";
	case -ENOTUNIQ:
		return "more than one port is called so";
	case -ENOTTY:
		return "not a serial port";
	case -EBUSY:
		return "somebody else has it";
	case -EINVAL:
		return "it can't be set up so";
	case -ENOSYS:
		return "this haul was built without libserialport, or the kernel has no io_uring";
	case -ETIMEDOUT:
		return "no answer";
	case -ECANCELED:
		return "cancelled";
	default:
		return strerror(-error);
	}
}

void words_open_failure(const char *name, int error, char *ret_text)
{
	struct haul_port_holder holder;
	struct haul_port_info info;
	char held_by[128] = "";

	if (error == -EBUSY && haul_port_find(name, &info) == 0 &&
		haul_port_holder(info.path, &holder) == 0)
		snprintf(held_by, sizeof(held_by), ": %s (process %d)", holder.command, holder.pid);
	snprintf(ret_text, WORDS_BYTES, "cannot open port '%.512s': %s%s", name,
		words_port_error(error), held_by);
}
