/* SPDX-License-Identifier: MIT */
#include "job/root.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "job/audit.h"
#include "job/item.h"

static void root_free(struct root *root)
{
	if (root->source_fd >= 0)
		close(root->source_fd);
	if (root->target_fd >= 0)
		close(root->target_fd);
	free(root->source_label);
	free(root->target_label);
	free(root->prefix);
	free(root->moved);
	if (root->remembered)
		root->top->pending++;
	item_free(root->remembered);
	audit_free(root->audit);
	directory_free(root->top);
	free(root->sent);
	free(root);
}

static int root_identify(struct root *root)
{
	struct stat status;

	if (fstat(root->source_fd, &status))
		return -errno;
	root->source_device = status.st_dev;
	if (root->absent)
		return 0;
	if (fstat(root->target_fd, &status))
		return -errno;
	root->target_device = status.st_dev;
	root->target_inode = status.st_ino;
	return 0;
}

static int root_fill(struct root *root, const char *source_label, const char *target_label,
	bool is_virtual, unsigned worker_count)
{
	root->source_label = strdup(source_label);
	root->target_label = strdup(target_label);
	root->sent = calloc(worker_count, sizeof(*root->sent));
	root->top = directory_new(root, NULL, "", 0);
	if (!root->source_label || !root->target_label || !root->sent || !root->top)
		return -ENOMEM;
	root->top->virtual = is_virtual;
	return root_identify(root);
}

int root_add(struct root_table *table, int source_fd, int target_fd, const char *source_label,
	const char *target_label, bool is_virtual, struct root **ret_root)
{
	struct root *root = calloc(1, sizeof(*root));
	int error;

	if (!root) {
		close(source_fd);
		close(target_fd);
		return -ENOMEM;
	}
	root->source_fd = source_fd;
	root->absent = target_fd < 0;
	root->target_fd = root->absent ? fcntl(source_fd, F_DUPFD_CLOEXEC, 0) : target_fd;
	error = root_fill(root, source_label, target_label, is_virtual, table->worker_count);
	if (error) {
		root_free(root);
		return error;
	}
	root->id = table->next_id++;
	root->next = table->first;
	table->first = root;
	table->count++;
	*ret_root = root;
	return 0;
}

void root_end(struct root_table *table, struct root *root)
{
	table->count -= !root->ended;
	root->ended = true;
}

void root_remove(struct root_table *table, struct root *root)
{
	struct root **at = &table->first;

	while (*at && *at != root)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = root->next;
	table->count -= !root->ended;
	root_free(root);
}

void root_table_free(struct root_table *table)
{
	while (table->first)
		root_remove(table, table->first);
}

void root_table_forget(struct root_table *table, unsigned worker)
{
	for (struct root *root = table->first; root; root = root->next)
		root->sent[worker] = false;
}

const struct root *root_table_of_target(
	const struct root_table *table, uint64_t device, uint64_t inode)
{
	for (const struct root *root = table->first; root; root = root->next)
		if (!root->ended && !root->top->virtual && root->target_device == device &&
			root->target_inode == inode)
			return root;
	return NULL;
}
