/* SPDX-License-Identifier: MIT */
#include "serialctl/modem.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serialctl/crc16.h"

#define SECOND_NS UINT64_C(1000000000)

const struct modem_timing modem_timing_default = {
	.start_ns = 60 * SECOND_NS,
	.reply_ns = 10 * SECOND_NS,
	.prompt_ns = 3 * SECOND_NS,
	.quiet_ns = 1 * SECOND_NS,
};

size_t modem_block_data_bytes(uint8_t first)
{
	return first == MODEM_STX ? MODEM_LONG_BYTES : MODEM_SHORT_BYTES;
}

size_t modem_block_bytes(uint8_t first, bool crc)
{
	return 3 + modem_block_data_bytes(first) + (crc ? 2 : 1);
}

size_t modem_block_build(
	uint8_t *block, uint8_t number, const uint8_t *data, size_t bytes, uint8_t fill, bool crc)
{
	uint8_t first = bytes > MODEM_SHORT_BYTES ? MODEM_STX : MODEM_SOH;
	size_t room = modem_block_data_bytes(first);
	uint8_t *check = block + 3 + room;

	block[0] = first;
	block[1] = number;
	block[2] = (uint8_t)~number;
	if (bytes)
		memcpy(block + 3, data, bytes);
	memset(block + 3 + bytes, fill, room - bytes);
	if (crc) {
		uint16_t value = crc16_xmodem(block + 3, room);

		check[0] = (uint8_t)(value >> 8);
		check[1] = (uint8_t)value;
	} else {
		check[0] = checksum8(block + 3, room);
	}
	return modem_block_bytes(first, crc);
}

bool modem_block_valid(const uint8_t *block, bool crc)
{
	size_t room = modem_block_data_bytes(block[0]);
	const uint8_t *check = block + 3 + room;

	if ((block[1] ^ block[2]) != 0xff)
		return false;
	if (crc)
		return crc16_xmodem(block + 3, room) == (check[0] << 8 | check[1]);
	return checksum8(block + 3, room) == check[0];
}

int modem_header_pack(const struct modem_file *file, uint8_t *data)
{
	size_t name_bytes = strlen(file->name) + 1;
	char *text = (char *)data + name_bytes;
	size_t room = MODEM_LONG_BYTES - name_bytes;
	int printed;

	if (name_bytes > MODEM_NAME_BYTES)
		return -ENAMETOOLONG;
	memcpy(data, file->name, name_bytes);
	if (file->size_bytes == MODEM_SIZE_UNKNOWN) {
		*text = '\0';
		return (int)name_bytes + 1;
	}
	printed = snprintf(text, room, "%" PRIu64 " %" PRIo64 " %" PRIo32, file->size_bytes,
		(uint64_t)file->modified_s, file->mode);
	return (int)name_bytes + printed + 1;
}

/* A number that may be missing, and is then `absent`. */
static uint64_t header_number(const char **text, int base, uint64_t absent)
{
	char *end;
	unsigned long long value;

	while (**text == ' ')
		(*text)++;
	if (**text < '0' || **text > '9')
		return absent;
	value = strtoull(*text, &end, base);
	*text = end;
	return value;
}

int modem_header_parse(const uint8_t *data, size_t bytes, struct modem_file *ret_file)
{
	struct modem_file file = {.size_bytes = MODEM_SIZE_UNKNOWN};
	const uint8_t *name_end = memchr(data, '\0', bytes);
	char numbers[96] = "";
	const char *text = numbers;
	size_t name_bytes, left;

	if (!name_end)
		return -EPROTO;
	name_bytes = (size_t)(name_end - data);
	if (name_bytes >= sizeof(file.name))
		return -EPROTO;
	memcpy(file.name, data, name_bytes);
	left = bytes - name_bytes - 1;
	if (left >= sizeof(numbers))
		left = sizeof(numbers) - 1;
	memcpy(numbers, name_end + 1, left);
	file.size_bytes = header_number(&text, 10, MODEM_SIZE_UNKNOWN);
	file.modified_s = (int64_t)header_number(&text, 8, 0);
	file.mode = (uint32_t)header_number(&text, 8, 0) & 07777;
	*ret_file = file;
	return 0;
}
