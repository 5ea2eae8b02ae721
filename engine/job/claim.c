/* SPDX-License-Identifier: MIT */
#include "job/claim.h"

#include <errno.h>
#include <search.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct claim_node {
	char *target;
	mode_t mode; /* of the source, as the others */
	dev_t device;
	ino_t inode;
};

static int compare(const void *a, const void *b)
{
	return strcmp(
		((const struct claim_node *)a)->target, ((const struct claim_node *)b)->target);
}

static void node_free(void *node)
{
	free(((struct claim_node *)node)->target);
	free(node);
}

static struct claim_node *node_new(const char *target, const struct stat *source)
{
	struct claim_node *node = calloc(1, sizeof(*node));

	if (!node)
		return NULL;
	node->mode = source->st_mode;
	node->device = source->st_dev;
	node->inode = source->st_ino;
	node->target = strdup(target);
	if (node->target)
		return node;
	free(node);
	return NULL;
}

int claims_add(
	struct claims *claims, const char *target, const struct stat *source, mode_t *ret_mode)
{
	struct claim_node *node = node_new(target, source);
	struct claim_node **found;
	bool same;

	if (!node)
		return -ENOMEM;
	found = tsearch(node, &claims->tree, compare);
	if (found && *found == node)
		return CLAIM_FIRST;
	node_free(node);
	if (!found)
		return -ENOMEM;
	*ret_mode = (*found)->mode;
	same = (*found)->device == source->st_dev && (*found)->inode == source->st_ino;
	return same ? CLAIM_SAME_SOURCE : CLAIM_OTHER_SOURCE;
}

bool claims_has(const struct claims *claims, const char *target)
{
	const struct claim_node node = {.target = (char *)target};

	return tfind(&node, &claims->tree, compare) != NULL;
}

void claims_free(struct claims *claims)
{
	tdestroy(claims->tree, node_free);
	claims->tree = NULL;
}
