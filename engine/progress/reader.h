/* SPDX-License-Identifier: MIT */
/* What the reader has for tests beside its public side in include/haul/progress.h. */
#ifndef ENGINE_PROGRESS_READER_H
#define ENGINE_PROGRESS_READER_H

#include "haul/progress.h"

/* Like haul_reader_open_fd, but reads a mapping that the caller has and keeps, for instance the
 * writer's own: where both sides use the same addresses, a thread sanitizer can watch them. */
int haul_reader_open_map(int fd, const struct haul_header *map, struct haul_reader **ret_reader);

#endif
