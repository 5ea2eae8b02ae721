/* SPDX-License-Identifier: MIT */
/* Exit statuses of the haul program. */
#ifndef HAUL_EXIT_H
#define HAUL_EXIT_H

enum haul_exit {
	HAUL_EXIT_OK = 0,        /* everything was done */
	HAUL_EXIT_FAILED = 1,    /* something could not be done, or the command line was wrong */
	HAUL_EXIT_STOPPED = 3,   /* stopped on request before it was finished */
	HAUL_EXIT_DIFFERENT = 4, /* a verification found a difference */
};

#endif
