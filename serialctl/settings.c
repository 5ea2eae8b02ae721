/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "haul/serial.h"

static const char parity_letters[] = "NEOMS"; /* in the order of enum haul_port_parity */

void haul_port_settings_default(struct haul_port_settings *ret_settings)
{
	*ret_settings = (struct haul_port_settings){
		.rate_baud = 115200,
		.data_bits = 8,
		.stop_bits = 1,
		.parity = HAUL_PARITY_NONE,
		.flow = HAUL_FLOW_NONE,
	};
}

int haul_port_settings_frame(struct haul_port_settings *settings, const char *text)
{
	const char *parity;

	if (strlen(text) != 3 || text[0] < '5' || text[0] > '8' || text[2] < '1' || text[2] > '2')
		return -EINVAL;
	parity = strchr(parity_letters, text[1] & ~0x20);
	if (!parity || *parity == '\0')
		return -EINVAL;
	settings->data_bits = (uint8_t)(text[0] - '0');
	settings->parity = (uint8_t)(parity - parity_letters);
	settings->stop_bits = (uint8_t)(text[2] - '0');
	return 0;
}

void haul_port_settings_format(const struct haul_port_settings *settings, char *ret_text)
{
	static const char *const flow[] = {"", " rtscts", " xonxoff"};

	snprintf(ret_text, HAUL_PORT_SETTINGS_BYTES, "%" PRIu32 " %u%c%u%s", settings->rate_baud,
		settings->data_bits, parity_letters[settings->parity], settings->stop_bits,
		flow[settings->flow]);
}
