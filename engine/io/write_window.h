/* SPDX-License-Identifier: MIT */
/*
 * Write-back that follows a long write through the page cache: what is behind the window is on the
 * device and no longer in memory, so neither gigabytes of dirty pages build up nor is anything
 * evicted that others have cached.
 *
 *     begin        settled          started         written
 *     |  gone again  |  being written  |  dirty        |
 */
#ifndef ENGINE_IO_WRITE_WINDOW_H
#define ENGINE_IO_WRITE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

struct write_window {
	uint64_t started; /* write-back has been started up to here */
	uint64_t settled; /* and awaited up to here */
	bool refused;     /* the filesystem can't do it */
};

/* Writing begins at `offset`. What is before it in the file may be somebody's window still. */
void write_window_begin(struct write_window *window, uint64_t offset);

/* What was written ends here now. 0, or the -errno with which the device failed: this descriptor
 * does not tell it again. */
int write_window_advance(struct write_window *window, int fd, uint64_t written);

/* Nothing more will be written: starts write-back of the rest, and waits for it if told to. 0 or
 * -errno. */
int write_window_end(struct write_window *window, int fd, uint64_t written, bool wait);

#endif
