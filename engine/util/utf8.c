/* SPDX-License-Identifier: MIT */
#include "util/utf8.h"

struct lead {
	size_t bytes; /* of the whole character, 0: can't begin one */
	uint32_t bits;
	unsigned char second_min; /* the range of the byte after it */
	unsigned char second_max;
};

/* The second byte's narrower ranges keep out overlong forms, surrogates and what is past
 * U+10FFFF (Unicode 15, table 3-7). */
static struct lead lead_of(unsigned char byte)
{
	if (byte < 0x80)
		return (struct lead){1, byte, 0, 0};
	if (byte >= 0xc2 && byte <= 0xdf)
		return (struct lead){2, byte & 0x1fu, 0x80, 0xbf};
	if (byte >= 0xe0 && byte <= 0xef)
		return (struct lead){
			3, byte & 0x0fu, byte == 0xe0 ? 0xa0 : 0x80, byte == 0xed ? 0x9f : 0xbf};
	if (byte >= 0xf0 && byte <= 0xf4)
		return (struct lead){
			4, byte & 0x07u, byte == 0xf0 ? 0x90 : 0x80, byte == 0xf4 ? 0x8f : 0xbf};
	return (struct lead){0, 0, 0, 0};
}

size_t utf8_next(const char *data, size_t bytes, uint32_t *ret_code)
{
	const unsigned char *byte = (const unsigned char *)data;
	struct lead lead = lead_of(byte[0]);
	size_t at;

	*ret_code = UTF8_INVALID;
	if (!lead.bytes)
		return 1;
	for (at = 1; at < lead.bytes; at++) {
		unsigned char min = at == 1 ? lead.second_min : 0x80;
		unsigned char max = at == 1 ? lead.second_max : 0xbf;

		if (at >= bytes || byte[at] < min || byte[at] > max)
			return at;
		lead.bits = lead.bits << 6 | (byte[at] & 0x3fu);
	}
	*ret_code = lead.bits;
	return at;
}

bool utf8_valid(const char *data, size_t bytes)
{
	while (bytes) {
		uint32_t code;
		size_t length = utf8_next(data, bytes, &code);

		if (code == UTF8_INVALID)
			return false;
		data += length;
		bytes -= length;
	}
	return true;
}

size_t utf8_put(uint32_t code, char ret_text[UTF8_BYTES])
{
	static const unsigned char mark[] = {0, 0, 0xc0, 0xe0, 0xf0};
	size_t bytes = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	for (size_t at = bytes - 1; at > 0; at--) {
		ret_text[at] = (char)(0x80 | (code & 0x3f));
		code >>= 6;
	}
	ret_text[0] = (char)(mark[bytes] | code);
	return bytes;
}
