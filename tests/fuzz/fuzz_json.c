/* SPDX-License-Identifier: MIT */
/* Reads any text as JSON and, if it is some, makes MessagePack of it. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "publisher/msgpack.h"
#include "publisher/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	/* A number of two characters takes nine bytes. */
	size_t capacity = bytes * 9 + 16;
	unsigned char *packed = malloc(capacity);
	char *text = malloc(bytes + 1);
	struct scan_value value;
	struct msgpack pack;

	if (!packed || !text)
		abort();
	/* A copy of just this length: one byte too far is noticed. */
	memcpy(text, data, bytes);
	msgpack_open(&pack, packed, capacity);
	if (msgpack_json(&pack, text, bytes) != scan_text(text, bytes, &value) || pack.overflow)
		abort();
	free(packed);
	free(text);
	return 0;
}
