/* SPDX-License-Identifier: MIT */
#include "publisher/current.h"

#include <string.h>

static struct event_text cut(struct event_text path)
{
	if (path.bytes > CURRENT_PATH_BYTES) {
		path.data += path.bytes - CURRENT_PATH_BYTES;
		path.bytes = CURRENT_PATH_BYTES;
	}
	return path;
}

static void path_set(struct current_path *stored, struct event_text path)
{
	path = cut(path);
	memcpy(stored->text, path.data, path.bytes);
	stored->bytes = path.bytes;
}

static unsigned find(const struct current *current, struct event_text path)
{
	unsigned at = 0;

	path = cut(path);
	while (at < current->count &&
		(current->started[at].bytes != path.bytes ||
			memcmp(current->started[at].text, path.data, path.bytes) != 0))
		at++;
	return at;
}

static void remove_at(struct current *current, unsigned at)
{
	current->count--;
	for (; at < current->count; at++)
		current->started[at] = current->started[at + 1];
}

void current_start(struct current *current, struct event_text path)
{
	if (find(current, path) < current->count)
		return;
	if (current->count == EVENT_CURRENT_MAX)
		remove_at(current, 0);
	path_set(&current->started[current->count++], path);
}

void current_finish(struct current *current, struct event_text path)
{
	unsigned at = find(current, path);

	if (at < current->count)
		remove_at(current, at);
	path_set(&current->latest, path);
}

void current_clear(struct current *current)
{
	current->count = 0;
	current->latest.bytes = 0;
}

static struct event_text path_text(const struct current_path *path)
{
	return (struct event_text){path->text, path->bytes};
}

unsigned current_list(const struct current *current, struct event_text ret_path[EVENT_CURRENT_MAX])
{
	for (unsigned at = 0; at < current->count; at++)
		ret_path[at] = path_text(&current->started[at]);
	if (current->count || !current->latest.bytes)
		return current->count;
	ret_path[0] = path_text(&current->latest);
	return 1;
}
