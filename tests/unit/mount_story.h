/* SPDX-License-Identifier: MIT */
/* What happened to mounts, step by step, and what is told of it: for tests of the merge. */
#ifndef TESTS_UNIT_MOUNT_STORY_H
#define TESTS_UNIT_MOUNT_STORY_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include <cmocka.h>

#include "bpf/mount_match.h"
#include "bpf/mount_state.h"

#define HERE      100 /* the watcher's mount namespace */
#define ELSEWHERE 200
#define MS        UINT64_C(1000000)

struct story {
	struct mount_state state;
	char told[4096]; /* "+/a:mount -/a ..." */
	uint64_t wake_ns;
	int fail_with;
};

static inline struct story story_begin(bool with_probe)
{
	struct story story = {0};

	mount_state_open(&story.state, HERE);
	story.state.hold_ns = with_probe ? MOUNT_HOLD_NS : 0;
	return story;
}

static inline int tell(const struct mount_change *change, void *context)
{
	static const char sign[] = {
		[MOUNT_CHANGE_MOUNTED] = '+',
		[MOUNT_CHANGE_UNMOUNTED] = '-',
		[MOUNT_CHANGE_FAILED] = '!',
	};
	struct story *story = context;
	size_t used = strlen(story->told);

	snprintf(story->told + used, sizeof(story->told) - used, "%s%c%s%s%s%s", used ? " " : "",
		sign[change->kind], change->visible ? "" : "?", change->mount->mount_point,
		change->who ? ":" : "", change->who ? change->who->command : "");
	return story->fail_with;
}

/* A record of a call at `time_ns`. */
static inline struct mountprobe_record record_of(
	enum mountprobe_call call, uint64_t time_ns, const char *target, const char *command)
{
	struct mountprobe_record record = {
		.time_ns = time_ns,
		.namespace = HERE,
		.call = call,
		.pid = 42,
		.thread = 42,
	};

	snprintf(record.target, sizeof(record.target), "%s", target);
	snprintf(record.command, sizeof(record.command), "%s", command);
	return record;
}

static inline void record(struct story *story, const struct mountprobe_record *data)
{
	size_t bytes = offsetof(struct mountprobe_record, target) + strlen(data->target) + 1;

	assert_int_equal(mount_state_record(&story->state, data, bytes, data->time_ns), 0);
}

static inline void saw(struct story *story, enum mountprobe_call call, uint64_t time_ns,
	const char *target, const char *command)
{
	const struct mountprobe_record data = record_of(call, time_ns, target, command);

	record(story, &data);
}

/* Looks at a table that holds the mounts of `points`: "1/a 2/b" is an id and a mount point each. */
static inline int look(struct story *story, const char *points, uint64_t now_ns)
{
	char text[4096] = "", line[256];
	struct mount_table table;
	unsigned id;
	int bytes;

	while (sscanf(points, "%u%n", &id, &bytes) == 1) {
		points += bytes;
		bytes = (int)strcspn(points, " ");
		snprintf(line, sizeof(line), "%u 1 0:%u / %.*s rw - tmpfs none rw\n", id, id, bytes,
			points);
		strcat(text, line);
		points += bytes;
	}
	assert_int_equal(mount_table_parse(text, &table), 0);
	return mount_state_advance(&story->state, &table, now_ns, tell, story, &story->wake_ns);
}

static inline void expect(struct story *story, const char *told)
{
	assert_string_equal(story->told, told);
	story->told[0] = '\0';
}

static inline void story_end(struct story *story)
{
	mount_state_close(&story->state);
}

#endif
