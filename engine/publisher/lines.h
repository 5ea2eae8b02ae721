/* SPDX-License-Identifier: MIT */
/* The sink of JSON lines: one event a line, to a pipe, a file or a terminal. */
#ifndef ENGINE_PUBLISHER_LINES_H
#define ENGINE_PUBLISHER_LINES_H

#include "publisher/sink.h"

/* Writes to a duplicate of `fd`. When its reader is slow, finished files and progress are left out,
 * which shows as gaps in `seq`; what must arrive waits in memory, up to 8 MiB. */
int lines_open(int fd, struct sink **ret_sink);

#endif
