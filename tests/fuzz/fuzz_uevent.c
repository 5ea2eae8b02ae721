/* SPDX-License-Identifier: MIT */
/* Messages that look like the kernel's announcements of devices: what is taken from one lies in it.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/uevent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check_inside(const char *text, const char *message, size_t bytes)
{
	if (!text)
		return;
	if (text < message || text >= message + bytes ||
		!memchr(text, '\0', bytes - (size_t)(text - message)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	/* A copy of just this size, so that a read beyond it shows. */
	char *message = malloc(bytes ? bytes : 1);
	struct uevent uevent;

	if (!message)
		return 0;
	if (bytes)
		memcpy(message, data, bytes);
	if (!uevent_parse(message, bytes, &uevent)) {
		check_inside(uevent.subsystem, message, bytes);
		check_inside(uevent.device_name, message, bytes);
	}
	free(message);
	return 0;
}
