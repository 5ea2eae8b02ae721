/* SPDX-License-Identifier: MIT */
/* Is a mounted filesystem alive? For when something on it has failed. */
#ifndef ENGINE_JOB_MEDIA_CHECK_H
#define ENGINE_JOB_MEDIA_CHECK_H

#include <stdbool.h>

/* Not even its own directory can be opened, or its device's first block can't be read (where this
 * process may try; "" for none). A device that is merely slow is not dead. */
bool media_is_dead(const char *mount_point, const char *device);
bool media_is_read_only(const char *mount_point);

#endif
