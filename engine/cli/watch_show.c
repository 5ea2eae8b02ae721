/* SPDX-License-Identifier: MIT */
#include "cli/watch_show.h"

#include <errno.h>
#include <langinfo.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "publisher/event.h"
#include "publisher/json.h"
#include "util/cells.h"
#include "util/human.h"
#include "util/utf8.h"

#define MEMBERS_BYTES (64 * 1024) /* a path has 4096 bytes, which grow sixfold at most */
#define LINE_BYTES    (32 * 1024)
#define PATH_COLUMNS  4096
#define JOB_NAME      "watch"

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

static void put_text(struct json *json, const char *key, const char *text)
{
	if (!text || !text[0])
		return;
	json_key(json, key);
	json_string(json, text, strlen(text));
}

static void put_path(struct json *json, const char *key, const char *exact_key, const char *path)
{
	put_text(json, key, path);
	if (!path || utf8_valid(path, strlen(path)))
		return;
	json_key(json, exact_key);
	json_base64(json, path, strlen(path));
}

static void put_number(struct json *json, const char *key, uint64_t number)
{
	json_key(json, key);
	json_integer(json, number);
}

static void put_errno(struct json *json, int error)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", error);
	put_text(json, "errno", strerrorname_np(error) ? strerrorname_np(error) : number);
}

static void put_actor(struct json *json, const struct device_actor *actor)
{
	if (!actor->pid)
		return;
	put_number(json, "pid", (uint64_t)actor->pid);
	put_number(json, "uid", actor->uid);
	put_text(json, "command", actor->command);
	if (actor->namespace)
		put_number(json, "namespace", actor->namespace);
}

static void put_device(struct json *json, const struct device_event *event)
{
	put_text(json, "device", event->device);
	if (event->device || event->mount_point) {
		put_number(json, "major", event->major);
		put_number(json, "minor", event->minor);
	}
	put_text(json, "fstype", event->identity.fstype);
	put_path(json, "mount_point", "mount_point_base64", event->mount_point);
	put_text(json, "uuid", event->identity.uuid);
	put_text(json, "label", event->identity.label);
	put_path(json, "source", "source_base64", event->source);
	if (event->size_bytes != DEVICE_UNKNOWN)
		put_number(json, "size_bytes", event->size_bytes);
	if (event->free_bytes != DEVICE_UNKNOWN)
		put_number(json, "free_bytes", event->free_bytes);
	if (event->block) {
		json_key(json, "removable");
		json_bool(json, event->removable);
	}
}

static void put_watching(struct json *json, const struct device_event *event)
{
	static const char *const names[] = {
		[DEVICE_PROBE_NONE] = "none",
		[DEVICE_PROBE_PLAIN] = "plain",
		[DEVICE_PROBE_CORE] = "core",
	};

	put_text(json, "probe", names[event->probe]);
	put_text(json, "missing", event->missing);
}

static void put_members(struct json *json, const struct device_event *event)
{
	json_object(json);
	put_text(json, "action", device_action_name(event->action));
	put_device(json, event);
	if (event->current) {
		json_key(json, "current");
		json_bool(json, true);
	}
	if (!event->visible) {
		json_key(json, "visible");
		json_bool(json, false);
	}
	put_actor(json, &event->actor);
	put_text(json, "operation", event->operation);
	if (event->error)
		put_errno(json, event->error);
	if (event->action == DEVICE_LOST)
		put_number(json, "lost", event->lost);
	if (event->action == DEVICE_WATCHING)
		put_watching(json, event);
	json_object_end(json);
}

static int show_json(struct show *show, const struct device_event *device)
{
	char members[MEMBERS_BYTES], text[2 * MEMBERS_BYTES];
	struct event event = {.type = EVENT_DEVICE, .job = JOB_NAME};
	struct json json;

	json_open(&json, members, sizeof(members));
	put_members(&json, device);
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
