/* SPDX-License-Identifier: MIT */
/*
 * The two checks that XMODEM and YMODEM put behind a block: CRC-16/XMODEM (polynomial 0x1021, start
 * value 0, not reflected) and the sum of all bytes.
 */
#ifndef SERIALCTL_CRC16_H
#define SERIALCTL_CRC16_H

#include <stddef.h>
#include <stdint.h>

uint16_t crc16_xmodem(const uint8_t *data, size_t bytes);
uint8_t checksum8(const uint8_t *data, size_t bytes);

#endif
