/* SPDX-License-Identifier: MIT */
#include "io/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/resolve.h"

struct tree_root {
	struct tree_root *next;
	uint32_t id;
	int fd[2]; /* by enum tree_side */
	bool targetless;
	size_t label_bytes;
	char label[];
};

static struct tree_root *root_find(const struct tree *tree, uint32_t id)
{
	struct tree_root *root = tree->first_root;

	while (root && root->id != id)
		root = root->next;
	return root;
}

int tree_add_root(struct tree *tree, uint32_t id, int source_fd, int target_fd, const char *label,
	size_t label_bytes)
{
	struct tree_root *root = NULL;

	if (source_fd >= 0 && target_fd >= 0 && !root_find(tree, id))
		root = malloc(sizeof(*root) + label_bytes + 1);
	if (!root) {
		if (source_fd >= 0)
			close(source_fd);
		if (target_fd >= 0)
			close(target_fd);
		return source_fd < 0 || target_fd < 0 ? -EBADF : -ENOMEM;
	}
	root->id = id;
	root->targetless = false;
	root->fd[TREE_SOURCE] = source_fd;
	root->fd[TREE_TARGET] = target_fd;
	root->label_bytes = label_bytes;
	memcpy(root->label, label, label_bytes);
	root->label[label_bytes] = '\0';
	root->next = tree->first_root;
	tree->first_root = root;
	return 0;
}

void tree_set_targetless(struct tree *tree, uint32_t id)
{
	struct tree_root *root = root_find(tree, id);

	if (root)
		root->targetless = true;
}

const char *tree_label(const struct tree *tree, uint32_t root, size_t *ret_bytes)
{
	const struct tree_root *found = root_find(tree, root);

	*ret_bytes = found ? found->label_bytes : 0;
	return found ? found->label : "";
}

static void directory_close(struct tree *tree, struct tree_directory **link)
{
	struct tree_directory *directory = *link;

	*link = directory->next;
	tree->kept--;
	close(directory->fd);
	free(directory);
}

/* Those in use stay, and go when they are given back. */
static void forget_directories_of(struct tree *tree, const struct tree_root *root)
{
	struct tree_directory **link = &tree->first;

	while (*link) {
		struct tree_directory *each = *link;

		if (each->root == root)
			each->root = NULL;
		if (!each->root && !each->users)
			directory_close(tree, link);
		else
			link = &each->next;
	}
}

static void root_free(struct tree *tree, struct tree_root **link)
{
	struct tree_root *root = *link;

	*link = root->next;
	forget_directories_of(tree, root);
	close(root->fd[TREE_SOURCE]);
	close(root->fd[TREE_TARGET]);
	free(root);
}

void tree_remove_root(struct tree *tree, uint32_t id)
{
	struct tree_root **link = &tree->first_root;

	while (*link && (*link)->id != id)
		link = &(*link)->next;
	if (*link)
		root_free(tree, link);
}

void tree_close(struct tree *tree)
{
	while (tree->first_root)
		root_free(tree, &tree->first_root);
	while (tree->first)
		directory_close(tree, &tree->first);
	filesystem_table_free(&tree->filesystems);
}

/* FNV-1a: good enough to tell dozens of paths apart. */
static uint32_t path_hash(const char *path, size_t bytes)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < bytes; i++)
		hash = (hash ^ (uint8_t)path[i]) * 16777619u;
	return hash;
}

static struct tree_directory *find_kept(struct tree *tree, const struct tree_root *root,
	enum tree_side side, const char *path, size_t path_bytes)
{
	uint32_t hash = path_hash(path, path_bytes);

	for (struct tree_directory **link = &tree->first; *link; link = &(*link)->next) {
		struct tree_directory *each = *link;

		if (each->hash != hash || each->root != root || each->side != side ||
			each->path_bytes != path_bytes || memcmp(each->path, path, path_bytes) != 0)
			continue;
		*link = each->next;
		each->next = tree->first;
		tree->first = each;
		return each;
	}
	return NULL;
}

static void drop_least_used(struct tree *tree)
{
	struct tree_directory **link = &tree->first, **last = NULL;

	for (; *link; link = &(*link)->next)
		if (!(*link)->users)
			last = link;
	if (last)
		directory_close(tree, last);
}

static struct tree_directory *directory_new(
	struct tree_root *root, enum tree_side side, const char *path, size_t path_bytes)
{
	struct tree_directory *directory = calloc(1, sizeof(*directory) + path_bytes + 1);

	if (!directory)
		return NULL;
	directory->root = root;
	directory->side = side;
	directory->hash = path_hash(path, path_bytes);
	directory->path_bytes = (uint32_t)path_bytes;
	memcpy(directory->path, path, path_bytes);
	return directory;
}

/* Where the walk to a directory begins: the nearest one above it that is kept, or the root. Deep in
 * a tree the whole path costs more than all the rest: without this, `rm -r` of chains of 150
 * directories spent a third of its time here. */
static int nearest_kept(
	const struct tree *tree, const struct tree_directory *directory, const char **ret_rest)
{
	int fd = directory->root->fd[directory->side];
	uint32_t nearest_bytes = 0;

	*ret_rest = directory->path;
	for (const struct tree_directory *each = tree->first; each; each = each->next) {
		uint32_t bytes = each->path_bytes;

		if (each->root != directory->root || each->side != directory->side ||
			bytes <= nearest_bytes || bytes >= directory->path_bytes ||
			directory->path[bytes] != '/' ||
			memcmp(each->path, directory->path, bytes) != 0)
			continue;
		nearest_bytes = bytes;
		fd = each->fd;
		*ret_rest = directory->path + bytes + 1;
	}
	return fd;
}

static int directory_open(struct tree *tree, struct tree_directory *directory)
{
	bool follow = directory->side == TREE_SOURCE ? tree->follow_source : tree->follow_target;
	const char *rest;
	int from_fd = nearest_kept(tree, directory, &rest);
	int error = resolve_directory(from_fd, rest, follow, &tree->step_by_step, &directory->fd);

	if (error == -EACCES) {
		directory->unreadable = true;
		error = resolve_directory_path(
			from_fd, rest, follow, &tree->step_by_step, &directory->fd);
	}
	if (error)
		return error;
	error = filesystem_find(&tree->filesystems, directory->fd, &directory->filesystem);
	if (error)
		close(directory->fd);
	return error;
}

int tree_open(struct tree *tree, uint32_t root, enum tree_side side, const char *path,
	size_t path_bytes, struct tree_directory **ret_directory)
{
	struct tree_root *found = root_find(tree, root);
	struct tree_directory *directory;
	int error;

	if (!found || (side == TREE_TARGET && found->targetless))
		return -ENOENT;
	directory = find_kept(tree, found, side, path, path_bytes);
	if (!directory) {
		directory = directory_new(found, side, path, path_bytes);
		if (!directory)
			return -ENOMEM;
		error = directory_open(tree, directory);
		if (error) {
			free(directory);
			return error;
		}
		if (tree->kept >= tree->kept_max)
			drop_least_used(tree);
		directory->next = tree->first;
		tree->first = directory;
		tree->kept++;
	}
	directory->users++;
	*ret_directory = directory;
	return 0;
}

void tree_give_back(struct tree *tree, struct tree_directory *directory)
{
	if (!directory)
		return;
	directory->users--;
	if (directory->users)
		return;
	if (!directory->root)
		forget_directories_of(tree, NULL);
	else if (tree->kept > tree->kept_max)
		drop_least_used(tree);
}

int tree_open_parent(struct tree *tree, uint32_t root, enum tree_side side, const char *path,
	size_t path_bytes, struct tree_directory **ret_directory, const char **ret_name)
{
	const char *slash = memrchr(path, '/', path_bytes);
	size_t parent_bytes = slash ? (size_t)(slash - path) : 0;
	int error = tree_open(tree, root, side, path, parent_bytes, ret_directory);

	if (!error)
		*ret_name = slash ? slash + 1 : path;
	return error;
}
