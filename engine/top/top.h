/* SPDX-License-Identifier: MIT */
/* haul top: jobs, serial ports and devices, live on a terminal or once as text. */
#ifndef ENGINE_TOP_TOP_H
#define ENGINE_TOP_TOP_H

#include <stdbool.h>

struct top_request {
	bool once;         /* print what there is now, and end */
	unsigned delay_ms; /* between two looks at jobs that move */
};

/* Returns the exit status. */
int top_run(const struct top_request *request);

#endif
