/* SPDX-License-Identifier: MIT */
#include "worker/link_item.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

struct name {
	int directory_fd;
	const char *name;
};

/* Removing and linking again would leave a gap without either. Renaming onto another name of the
 * same inode does nothing at all, so the temporary name goes in any case. */
static int replace(const struct name *existing, const struct name *new)
{
	char temporary[TARGET_TEMPORARY_BYTES];
	int error = 0;

	target_temporary_name(temporary);
	if (linkat(existing->directory_fd, existing->name, new->directory_fd, temporary, 0))
		return -errno;
	if (renameat(new->directory_fd, temporary, new->directory_fd, new->name))
		error = -errno;
	if (unlinkat(new->directory_fd, temporary, 0) && errno != ENOENT && !error)
		error = -errno;
	return error;
}

static int replace_existing(struct executor *executor, const struct name *existing,
	const struct name *new, bool *ret_skipped, enum wire_operation *ret_operation)
{
	struct stat first, second;
	int found = target_look(existing->directory_fd, existing->name, NULL, &first);

	if (found < 0 || found == TARGET_ABSENT)
		return found < 0 ? found : -ENOENT;
	found = target_look(new->directory_fd, new->name, &first, &second);
	if (found < 0)
		return found;
	if (found == TARGET_SAME)
		return 0; /* done before, by a worker that died over it, or by the user */
	*ret_skipped = executor->options.no_clobber && found != TARGET_ABSENT;
	if (*ret_skipped)
		return 0;
	if (found == TARGET_DIRECTORY) {
		*ret_operation = OPERATION_IS_DIRECTORY;
		return -EISDIR;
	}
	return replace(existing, new);
}

static int make_link(struct executor *executor, const struct name *existing, const struct name *new,
	bool *ret_skipped, enum wire_operation *ret_operation)
{
	*ret_operation = OPERATION_MAKE_LINK;
	*ret_skipped = false;
	if (!linkat(existing->directory_fd, existing->name, new->directory_fd, new->name, 0))
		return 0;
	if (errno != EEXIST)
		return -errno;
	return replace_existing(executor, existing, new, ret_skipped, ret_operation);
}

static void link_below(struct executor *executor, struct work *work, const struct name *existing,
	struct wire_text name)
{
	struct name new = {work->target->fd, name.data};
	enum wire_operation operation;
	bool skipped;
	int error = make_link(executor, existing, &new, &skipped, &operation);

	if (error) {
		executor_fail(executor, work, 0, operation, error);
		return;
	}
	executor_count(executor, work, skipped ? HAUL_FILES_SKIPPED : HAUL_FILES_DONE, 1);
	executor_tell_file(executor, work,
		skipped ? HAUL_RECORD_FILE_SKIPPED : HAUL_RECORD_FILE_DONE, name, 0);
}

static int link_names(struct executor *executor, struct work *work)
{
	const struct wire_link *link = work->link;
	struct wire_text existing_path, name;
	struct tree_directory *parent;
	struct name existing;
	int error;

	if (wire_take_text(&work->rest, link->existing_path_bytes, &existing_path) ||
		wire_take_text(&work->rest, link->name_bytes, &name))
		return -EPROTO;
	error = tree_open_parent(&executor->tree, link->existing_root, TREE_TARGET,
		existing_path.data, existing_path.bytes, &parent, &existing.name);
	if (error)
		return error;
	existing.directory_fd = parent->fd;
	error = tree_open(&executor->tree, work->item->root, TREE_TARGET, work->path.data,
		work->path.bytes, &work->target);
	if (!error)
		link_below(executor, work, &existing, name);
	tree_give_back(&executor->tree, parent);
	return error;
}

void link_item(struct executor *executor, struct work *work)
{
	int error = link_names(executor, work);

	if (error)
		executor_fail(executor, work, 0, OPERATION_MAKE_LINK, error);
	executor_done(executor, work);
}
