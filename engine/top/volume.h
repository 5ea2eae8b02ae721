/* SPDX-License-Identifier: MIT */
/* Which filesystems a job reads and writes. */
#ifndef ENGINE_TOP_VOLUME_H
#define ENGINE_TOP_VOLUME_H

#include <sys/types.h>

/* Those that the job's operands lie on now, each once, as stat(2) numbers them. A destination that
 * is not there yet counts where it will be. Returns how many. */
unsigned volume_of_job(const char *job, dev_t *ret_volume, unsigned most);

#endif
