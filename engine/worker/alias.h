/* SPDX-License-Identifier: MIT */
/* Another name for what exists: a hard link, or a symlink. */
#ifndef ENGINE_WORKER_ALIAS_H
#define ENGINE_WORKER_ALIAS_H

#include "worker/executor.h"
#include "worker/overwrite.h"

struct alias {
	const char *text; /* what a symlink is to hold; NULL: a hard link to the following */
	int directory_fd;
	const char *name;
	int flags; /* of linkat(2) */
	enum wire_operation operation;
};

/* Makes it where `overwrite` says (without a source there, that is what is linked to), if what is
 * there may go; counts and reports. */
void alias_make(struct executor *executor, const struct alias *alias, struct overwrite *overwrite);

#endif
