/* SPDX-License-Identifier: MIT */
/* haul serial list: the ports of this machine, what they are and who has them. */
#include <stdio.h>
#include <string.h>

#include "cli/serial.h"
#include "cli/serial_options.h"
#include "haul/exit.h"
#include "haul/serial.h"
#include "serialctl/words.h"
#include "util/json.h"

#define LINE_BYTES 4096u

static const char *const usage[] = {"[OPTION]...", NULL};

const struct option_set serial_list_options = {
	.command = "serial list",
	.usage = usage,
	.description = "List the serial ports, what they are, and who has them open.",
	.row = serial_option_rows,
	.mask = VERB_LIST,
};

static void json_text(struct json *json, const char *key, const char *text)
{
	if (!*text)
		return;
	json_key(json, key);
	json_string(json, text, strlen(text));
}

static void json_usb(struct json *json, const struct haul_port_info *info)
{
	char id[16];

	if (!info->usb)
		return;
	snprintf(id, sizeof(id), "%04x", info->vendor);
	json_text(json, "vendor", id);
	snprintf(id, sizeof(id), "%04x", info->product);
	json_text(json, "product", id);
	json_text(json, "manufacturer", info->manufacturer);
	json_text(json, "product_name", info->product_name);
	json_text(json, "serial", info->serial);
	json_text(json, "location", info->location);
}

static int list_json(const struct haul_port_info *info, void *context)
{
	struct haul_port_holder holder;
	char line[LINE_BYTES], name[HAUL_PORT_NAME_BYTES];
	struct json json;

	json_open(&json, line, sizeof(line));
	json_object(&json);
	json_text(&json, "port", info->path);
	haul_port_identity(info, name);
	json_text(&json, "name", name);
	json_text(&json, "description", info->description);
	json_text(&json, "driver", info->driver);
	json_usb(&json, info);
	if (haul_port_holder(info->path, &holder) == 0) {
		json_key(&json, "holder");
		json_object(&json);
		json_key(&json, "pid");
		json_integer(&json, (uint64_t)holder.pid);
		json_text(&json, "command", holder.command);
		json_object_end(&json);
	}
	json_object_end(&json);
	if (!json.overflow)
		printf("%.*s\n", (int)json.used, line);
	(*(unsigned *)context)++;
	return 0;
}

static int list_text(const struct haul_port_info *info, void *context)
{
	struct haul_port_holder holder;
	char name[HAUL_PORT_NAME_BYTES] = "-";

	if (info->usb)
		haul_port_identity(info, name);
	printf("%-14s %-28s %-12s %s", info->path, name, *info->driver ? info->driver : "-",
		info->description);
	if (haul_port_holder(info->path, &holder) == 0)
		printf(" (open in %s, process %d)", holder.command, holder.pid);
	putchar('\n');
	(*(unsigned *)context)++;
	return 0;
}

int serial_list(int argc, char **argv)
{
	struct serial_settings settings;
	unsigned count = 0;
	int first, error;

	switch (serial_settings_parse(&serial_list_options, argc, argv, &settings, &first)) {
	case OPTION_SHOWN:
		return HAUL_EXIT_OK;
	case OPTION_WRONG:
		return HAUL_EXIT_FAILED;
	case OPTION_READY:
		break;
	}
	if (first < argc) {
		option_wrong(&serial_list_options, "extra operand '%s'", argv[first]);
		return HAUL_EXIT_FAILED;
	}
	error = haul_ports_each(settings.json ? list_json : list_text, &count);
	if (error) {
		option_error(
			&serial_list_options, "cannot list ports: %s", words_port_error(error));
		return HAUL_EXIT_FAILED;
	}
	if (!count && !settings.json)
		fprintf(stderr, "no serial ports\n");
	return HAUL_EXIT_OK;
}
