/* SPDX-License-Identifier: MIT */
#include "cli/watch_show.h"

#include <errno.h>
#include <langinfo.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bpf/device_json.h"
#include "publisher/event.h"
#include "util/cells.h"
#include "util/human.h"

#define LINE_BYTES   (32 * 1024)
#define PATH_COLUMNS 4096
#define JOB_NAME     "watch"

#define COLUMNS_ACTION 10
#define COLUMNS_DEVICE 16
#define COLUMNS_FSTYPE 6
#define COLUMNS_LABEL  16

void show_open(struct show *show, bool json)
{
	*show = (struct show){.json = json};
	show->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* ---- JSON ---- */

static int show_json(struct show *show, const struct device_event *device)
{
	char members[DEVICE_JSON_BYTES], text[2 * DEVICE_JSON_BYTES];
	struct event event = {.type = EVENT_DEVICE, .job = JOB_NAME};
	struct json json;

	json_open(&json, members, sizeof(members));
	device_json_write(&json, device);
	if (json.overflow)
		return -EMSGSIZE;
	if (device->time_ns > show->time_ns)
		show->time_ns = device->time_ns;
	event.seq = ++show->sequence;
	event.time_ns = show->time_ns;
	event.device.data = members;
	event.device.bytes = json.used;
	json_open(&json, text, sizeof(text));
	event_write(&event, &json);
	if (json.overflow)
		return -EMSGSIZE;
	if (fwrite(text, 1, json.used, stdout) != json.used || putchar('\n') == EOF)
		return -EIO;
	return 0;
}

/* ---- for people ---- */

/* A column, and two blanks behind it. What is wider moves the rest, so that nothing is cut. */
static void put_column(struct cells *cells, const char *text, unsigned columns)
{
	unsigned begin = cells->columns;

	cells_put_name(cells, text, strlen(text), PATH_COLUMNS);
	do {
		cells_put(cells, " ");
	} while (cells->columns < begin + columns + 2);
}

static void put_time(struct cells *cells, uint64_t time_ns)
{
	time_t seconds = (time_t)(time_ns / 1000000000u);
	char text[16] = "";
	struct tm local;

	if (localtime_r(&seconds, &local))
		strftime(text, sizeof(text), "%H:%M:%S", &local);
	put_column(cells, text, 8);
}

static void put_space(struct cells *cells, const struct device_event *event)
{
	char size[HUMAN_BYTES] = "", spare[HUMAN_BYTES], text[2 * HUMAN_BYTES + 8];

	if (event->size_bytes != DEVICE_UNKNOWN)
		human_size(event->size_bytes, size);
	if (event->free_bytes != DEVICE_UNKNOWN)
		snprintf(text, sizeof(text), "%s, %s free", size,
			human_size(event->free_bytes, spare));
	else
		snprintf(text, sizeof(text), "%s", size);
	put_column(cells, text, 24);
}

static void put_who(struct cells *cells, const struct device_actor *actor)
{
	char text[64];

	if (!actor->pid)
		return;
	cells_put(cells, "  by ");
	cells_put_name(cells, actor->command, strlen(actor->command), PATH_COLUMNS);
	snprintf(text, sizeof(text), " (%d)", (int)actor->pid);
	cells_put(cells, text);
}

static void put_remark(struct cells *cells, const struct device_event *event)
{
	switch (event->action) {
	case DEVICE_FAILED:
		cells_put(cells, "  ");
		cells_put(cells, event->operation);
		cells_put(cells, " failed: ");
		cells_put(cells, strerror(event->error));
		break;
	case DEVICE_RELEASED:
		cells_put(
			cells, event->whole && event->removable ? "safe to remove" : "not in use");
		break;
	default:
		break;
	}
	if (!event->visible)
		cells_put(cells, "  in another mount namespace");
}

static int show_line(struct show *show, const struct device_event *event)
{
	char line[LINE_BYTES];
	struct cells cells;

	if (event->action == DEVICE_WATCHING)
		return 0;
	cells_open(&cells, line, sizeof(line), show->utf8);
	if (event->action == DEVICE_LOST) {
		printf("%llu calls were not seen; the state is right again\n",
			(unsigned long long)event->lost);
		return 0;
	}
	put_time(&cells, event->time_ns);
	put_column(&cells, device_action_name(event->action), COLUMNS_ACTION);
	put_column(&cells, event->device ? event->device : event->source, COLUMNS_DEVICE);
	put_column(&cells, event->identity.fstype, COLUMNS_FSTYPE);
	put_column(&cells, event->identity.label, COLUMNS_LABEL);
	put_space(&cells, event);
	if (event->mount_point)
		cells_put_name(
			&cells, event->mount_point, strlen(event->mount_point), PATH_COLUMNS);
	put_remark(&cells, event);
	put_who(&cells, &event->actor);
	return puts(line) == EOF ? -EIO : 0;
}

static int show_head(struct show *show)
{
	if (show->headed)
		return 0;
	show->headed = true;
	return printf("%-8s  %-*s  %-*s  %-*s  %-*s  %-24s  %s\n", "TIME", COLUMNS_ACTION, "ACTION",
		       COLUMNS_DEVICE, "DEVICE", COLUMNS_FSTYPE, "TYPE", COLUMNS_LABEL, "LABEL",
		       "SIZE", "MOUNT POINT") < 0
		       ? -EIO
		       : 0;
}

int show_event(struct show *show, const struct device_event *event)
{
	int error;

	if (show->json) {
		error = show_json(show, event);
	} else {
		error = show_head(show);
		if (!error)
			error = show_line(show, event);
	}
	if (!error && fflush(stdout) != 0)
		error = -errno;
	return error;
}
