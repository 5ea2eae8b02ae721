/* SPDX-License-Identifier: MIT */
/*
 * What a job does when a filesystem that it stands on goes away: it lets go of everything, so that
 * the filesystem can really go, waits until it is mounted again, wherever that is, and begins anew
 * with what its journal says is durable, as `haul resume` would.
 */
#ifndef ENGINE_JOB_ABSENCE_H
#define ENGINE_JOB_ABSENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "job/job.h"
#include "job/location.h"
#include "job/past.h"
#include "job/volume.h"

struct absence {
	struct volume_table volumes;
	struct location_table locations;
	struct job_request request; /* the job's, with what names its files now */
	char **name;                /* its arguments; NULL: those of the user */
	struct past past;           /* what the request continues */
	bool following;             /* the volumes are known */
	bool lost;                  /* one is not there: nothing that happens now counts */
	bool waiting;               /* all work is dropped until it is back */
	uint64_t looked_ns;         /* CLOCK_MONOTONIC, as all of these */
	uint64_t due_ns;            /* when to follow or look, 0: not by the clock */
	uint64_t patient_ns;        /* until then, an error is not waited over again */
};

#endif
