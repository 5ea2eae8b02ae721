/* SPDX-License-Identifier: MIT */
/* What an entry is called in messages: the names that the user would give it, on both sides. */
#ifndef ENGINE_JOB_NAMES_H
#define ENGINE_JOB_NAMES_H

#include "job/directory.h"
#include "wire/message.h"

#define NAMES_PATH_BYTES   (DIRECTORY_PATH_BYTES + 4096)
#define NAMES_QUOTED_BYTES (4 * NAMES_PATH_BYTES + 64)

/* Large: not for the stack. */
struct names {
	char source[NAMES_PATH_BYTES];
	char source_quoted[NAMES_QUOTED_BYTES];
	char target[NAMES_PATH_BYTES];
	char target_quoted[NAMES_QUOTED_BYTES];
};

/* `name` is empty for the directory itself, `target` where the name is the same on both sides. */
void names_fill(struct names *names, const struct directory *directory, struct wire_text name,
	struct wire_text target);

/* "label/path/name" without the parts that are empty, cut to the capacity. */
void names_join(
	char *ret_text, size_t capacity, const char *label, const char *path, const char *name);

#endif
