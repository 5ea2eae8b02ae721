/* SPDX-License-Identifier: MIT */
/* Which destinations the sources on the command line have got already. */
#ifndef ENGINE_JOB_CLAIM_H
#define ENGINE_JOB_CLAIM_H

#include <stdbool.h>
#include <sys/stat.h>

struct claims {
	void *tree;
};

enum claim {
	CLAIM_FIRST = 0,        /* nobody had this destination */
	CLAIM_SAME_SOURCE = 1,  /* this very source had it: it was named twice */
	CLAIM_OTHER_SOURCE = 2, /* another source had it */
};

/* Remembers that `source` goes to `target`. Returns an enum claim or -ENOMEM; with
 * CLAIM_OTHER_SOURCE, *ret_mode is of the source that was first. */
int claims_add(
	struct claims *claims, const char *target, const struct stat *source, mode_t *ret_mode);
/* Did one go there? */
bool claims_has(const struct claims *claims, const char *target);
void claims_free(struct claims *claims);

#endif
