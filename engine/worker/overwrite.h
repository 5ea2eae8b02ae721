/* SPDX-License-Identifier: MIT */
/*
 * What is to become of that which exists under a destination's name: whether it is written into,
 * replaced, kept under another name, left alone, or whether somebody must be asked. Every kind of
 * entry asks here, so that all options about it are looked at in one place.
 */
#ifndef ENGINE_WORKER_OVERWRITE_H
#define ENGINE_WORKER_OVERWRITE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "worker/executor.h"

enum overwrite_verdict {
	OVERWRITE_CREATE = 0, /* nothing is there */
	OVERWRITE_WRITE,      /* into it: it keeps its inode */
	OVERWRITE_REPLACE,    /* the new one takes its place */
	OVERWRITE_BACK_UP,    /* the same, once it has another name */
	OVERWRITE_NOTHING,    /* all is as it should be already */
	OVERWRITE_LEAVE,      /* `outcome` tells why */
	OVERWRITE_REFUSE,     /* `operation` and `error` tell why */
};

struct overwrite {
	/* What is asked about. */
	struct work *work; /* its target directory is open, and its source's, unless linking */
	uint32_t index;    /* of the entry, for the answer */
	uint32_t flags;    /* enum entry_flag */
	struct wire_text source_name; /* in the source directory; empty when linking */
	const char *target_name;
	const struct stat *source; /* of what is copied, or of what is linked to */
	bool content;              /* it can be written into an existing file */
	/* The answer. */
	struct stat existing; /* behind the symlink if `through` */
	bool through;         /* what is there is a symlink that is written through */
	enum wire_operation operation;
	int error;
	enum outcome_kind outcome;
};

enum overwrite_verdict overwrite_decide(struct executor *executor, struct overwrite *overwrite);

/* Is there nothing (more) to be done for the entry? */
static inline bool overwrite_is_final(enum overwrite_verdict verdict)
{
	return verdict >= OVERWRITE_NOTHING;
}

/* Counts and reports an entry whose verdict is final. */
void overwrite_report(struct executor *executor, const struct overwrite *overwrite,
	enum overwrite_verdict verdict);

/* Gives what exists its backup name, and reports it. 0 or -errno. */
int overwrite_back_up(
	struct executor *executor, const struct overwrite *overwrite, char *ret_backup);
/* The new one could not be made: the old one gets its name back. */
void overwrite_restore(const struct overwrite *overwrite, const char *backup);
/* Reports that what existed had to go. */
void overwrite_report_removed(struct executor *executor, const struct overwrite *overwrite);

/* Counts and reports an entry that was moved by a rename. */
void overwrite_report_renamed(struct executor *executor, const struct overwrite *overwrite);

/* Whether an existing destination has to be looked for before anything is read. */
bool overwrite_looks_first(const struct job_options *options);

#endif
