/* SPDX-License-Identifier: MIT */
#include "serialctl/crc16.h"

uint16_t crc16_xmodem(const uint8_t *data, size_t bytes)
{
	uint16_t crc = 0;

	for (size_t i = 0; i < bytes; i++) {
		crc ^= (uint16_t)(data[i] << 8);
		for (int bit = 0; bit < 8; bit++)
			crc = (uint16_t)(crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1);
	}
	return crc;
}

uint8_t checksum8(const uint8_t *data, size_t bytes)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < bytes; i++)
		sum = (uint8_t)(sum + data[i]);
	return sum;
}
