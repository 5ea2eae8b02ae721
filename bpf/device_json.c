/* SPDX-License-Identifier: MIT */
#include "bpf/device_json.h"

#include <stdio.h>
#include <string.h>

#include "util/utf8.h"

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

void device_json_write(struct json *json, const struct device_event *event)
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
