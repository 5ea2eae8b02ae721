/* SPDX-License-Identifier: MIT */
/*
 * On which filesystem each argument of a job is, as its journal notes it: a resume must not write
 * to the empty directory that a disk is usually mounted on, nor take that for the source.
 */
#ifndef ENGINE_JOB_FOOTING_H
#define ENGINE_JOB_FOOTING_H

#include "job/job.h"
#include "job/journal.h"

/* Notes it of the destination and then of the sources. -errno of writing the journal; what can't be
 * found out is noted as unknown. */
int footing_note(struct journal *journal, const struct job_request *request, bool into_directory);

/* The first argument that is on another filesystem than the request's past says, which
 * `*ret_missing` is; the past owns that. NULL: there is none, or it isn't known of any. */
const char *footing_find_strange(
	const struct job_request *request, const struct journal_footing **ret_missing);

#endif
