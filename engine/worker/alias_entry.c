/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "worker/alias.h"
#include "worker/files_item.h"

/* A relative symlink leads to the source only from the directory that the source is named from. */
static bool leads_to_source(const struct work *work, const char *text)
{
	struct stat here, target;

	if (text[0] == '/')
		return true;
	return !stat(".", &here) && !fstat(work->target->fd, &target) &&
	       here.st_dev == target.st_dev && here.st_ino == target.st_ino;
}

/* The source as the user would name it; to be freed. */
static char *source_text(
	const struct executor *executor, const struct work *work, struct wire_text name)
{
	size_t bytes;
	const char *label = tree_label(&executor->tree, work->item->root, &bytes);
	const char *path = work->path.data;
	char *text;
	bool slash = bytes && label[bytes - 1] != '/';

	if (asprintf(&text, "%s%s%s%s%s", label, slash ? "/" : "", path, *path ? "/" : "",
		    name.data) < 0)
		return NULL;
	return text;
}

static void make_hard_link(
	struct executor *executor, struct overwrite *overwrite, struct wire_text name)
{
	bool follow = !executor_stat_flags(executor, overwrite->flags);
	struct alias alias = {
		.directory_fd = overwrite->work->source->fd,
		.name = name.data,
		.flags = follow ? AT_SYMLINK_FOLLOW : 0,
		.operation = OPERATION_LINK_TO_SOURCE,
	};

	alias_make(executor, &alias, overwrite);
}

static void make_symlink(
	struct executor *executor, struct overwrite *overwrite, struct wire_text name)
{
	char *text = source_text(executor, overwrite->work, name);
	struct alias alias = {.text = text, .operation = OPERATION_SYMLINK_TO_SOURCE};

	if (!text)
		executor_fail(
			executor, overwrite->work, overwrite->index, alias.operation, -ENOMEM);
	else if (!leads_to_source(overwrite->work, text))
		executor_fail(executor, overwrite->work, overwrite->index,
			OPERATION_RELATIVE_SYMLINK, -EINVAL);
	else
		alias_make(executor, &alias, overwrite);
	free(text);
}

void alias_entry(struct executor *executor, struct work *work, const struct wire_entry *entry,
	struct wire_text name, struct wire_text target_name)
{
	struct stat source;
	struct overwrite overwrite = {
		.work = work,
		.index = entry->index,
		.flags = entry->flags,
		.source_name = name,
		.target_name = target_name.bytes ? target_name.data : name.data,
		.source = &source,
	};

	if (fstatat(work->source->fd, name.data, &source,
		    executor_stat_flags(executor, entry->flags)))
		executor_fail(executor, work, entry->index, OPERATION_STAT_SOURCE, -errno);
	else if (executor->options.make == MAKE_SYMLINK)
		make_symlink(executor, &overwrite, name);
	else
		make_hard_link(executor, &overwrite, name);
}
