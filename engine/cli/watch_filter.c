/* SPDX-License-Identifier: MIT */
#include "cli/watch_filter.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

enum key {
	KEY_ACTION,
	KEY_DEVICE,
	KEY_FSTYPE,
	KEY_UUID,
	KEY_LABEL,
	KEY_MOUNT,
	KEY_SOURCE,
	KEY_REMOVABLE,
	KEY_COMMAND,
	KEY_OPERATION,
	KEYS,
};

static const char *const key_names[KEYS] = {
	[KEY_ACTION] = "action",
	[KEY_DEVICE] = "device",
	[KEY_FSTYPE] = "fstype",
	[KEY_UUID] = "uuid",
	[KEY_LABEL] = "label",
	[KEY_MOUNT] = "mount",
	[KEY_SOURCE] = "source",
	[KEY_REMOVABLE] = "removable",
	[KEY_COMMAND] = "command",
	[KEY_OPERATION] = "operation",
};

static int find_key(const char *name, size_t bytes)
{
	for (unsigned i = 0; i < KEYS; i++) {
		if (strlen(key_names[i]) == bytes && memcmp(key_names[i], name, bytes) == 0)
			return (int)i;
	}
	return -EINVAL;
}

static int parse_term(const char *text, size_t bytes, struct filter_term *ret_term)
{
	const char *equals = memchr(text, '=', bytes);
	struct filter_term term = {0};
	size_t name_bytes;
	int key;

	if (!equals)
		return -EINVAL;
	name_bytes = (size_t)(equals - text);
	term.negated = name_bytes && equals[-1] == '!';
	key = find_key(text, name_bytes - term.negated);
	if (key < 0)
		return key;
	term.key = (unsigned)key;
	term.pattern = strndup(equals + 1, bytes - name_bytes - 1);
	if (!term.pattern)
		return -ENOMEM;
	*ret_term = term;
	return 0;
}

int filter_parse(const char *text, struct filter *ret_filter, const char **ret_word)
{
	struct filter filter = {0};
	int error = 0;

	while (*text && !error) {
		size_t bytes = strcspn(text, ",");

		error = filter.count == FILTER_TERMS_MAX
				? -E2BIG
				: parse_term(text, bytes, &filter.term[filter.count]);
		if (error) {
			*ret_word = text;
			break;
		}
		filter.count++;
		text += bytes;
		text += *text == ',';
	}
	if (error) {
		filter_free(&filter);
		return error;
	}
	*ret_filter = filter;
	return 0;
}

void filter_free(struct filter *filter)
{
	for (unsigned i = 0; i < filter->count; i++)
		free(filter->term[i].pattern);
	*filter = (struct filter){0};
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

/* What isn't known is the empty string. */
static const char *value_of(enum key key, const struct device_event *event)
{
	switch (key) {
	case KEY_ACTION:
		return device_action_name(event->action);
	case KEY_DEVICE:
		return or_empty(event->device);
	case KEY_FSTYPE:
		return event->identity.fstype;
	case KEY_UUID:
		return event->identity.uuid;
	case KEY_LABEL:
		return event->identity.label;
	case KEY_MOUNT:
		return or_empty(event->mount_point);
	case KEY_SOURCE:
		return or_empty(event->source);
	case KEY_REMOVABLE:
		return event->removable ? "yes" : "no";
	case KEY_COMMAND:
		return event->actor.command;
	case KEY_OPERATION:
		return or_empty(event->operation);
	case KEYS:
		break;
	}
	return "";
}

bool filter_match(const struct filter *filter, const struct device_event *event)
{
	for (unsigned i = 0; i < filter->count; i++) {
		const struct filter_term *term = &filter->term[i];
		const char *value = value_of((enum key)term->key, event);
		bool matches = fnmatch(term->pattern, value, 0) == 0;

		if (matches == term->negated)
			return false;
	}
	return true;
}
