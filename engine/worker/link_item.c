/* SPDX-License-Identifier: MIT */
#include "worker/link_item.h"

#include <errno.h>

#include "worker/alias.h"

static void link_below(struct executor *executor, struct work *work, const struct alias *alias,
	struct wire_text name)
{
	struct overwrite overwrite = {
		.work = work,
		.flags = work->link->entry_flags,
		.target_name = name.data,
	};

	executor_clear_leftover(executor, work, name.data);
	alias_make(executor, alias, &overwrite);
}

static int link_names(struct executor *executor, struct work *work)
{
	const struct wire_link *link = work->link;
	struct alias alias = {.operation = OPERATION_MAKE_LINK};
	struct wire_text existing_path, name;
	struct tree_directory *parent;
	int error;

	if (wire_take_text(&work->rest, link->existing_path_bytes, &existing_path) ||
		wire_take_text(&work->rest, link->name_bytes, &name))
		return -EPROTO;
	error = tree_open_parent(&executor->tree, link->existing_root, TREE_TARGET,
		existing_path.data, existing_path.bytes, &parent, &alias.name);
	if (error)
		return error;
	alias.directory_fd = parent->fd;
	error = tree_open(&executor->tree, work->item->root, TREE_TARGET, work->path.data,
		work->path.bytes, &work->target);
	if (!error)
		link_below(executor, work, &alias, name);
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
