/* SPDX-License-Identifier: MIT */
/*
 * Reading what is on the medium and not what the page cache remembers of it: only that tells
 * whether it is there.
 */
#ifndef ENGINE_IO_MEDIUM_H
#define ENGINE_IO_MEDIUM_H

#include <stdbool.h>
#include <stdint.h>

/* Offsets, lengths and buffers of direct reads are multiples of this: no device asks for more. */
#define MEDIUM_ALIGNMENT 4096u

/* Makes reads of an open file go past the page cache from here on. False: the filesystem refuses,
 * and reads go through the cache. */
bool medium_go_direct(int fd);
void medium_go_cached(int fd);

/* Drops `bytes` from `offset` on (0: to the end) from the page cache, as far as they are written
 * back; where they are read through the cache (`direct` is not set) they are written back first.
 * Some filesystems accept direct reads and answer them from the cache all the same (btrfs what is
 * compressed or inline, ext4 what is journalled), so this is needed for these as well. 0, or -errno
 * of fdatasync(2): what could not be written can't be verified either. */
int medium_drop_cached(int fd, bool direct, uint64_t offset, uint64_t bytes);

#endif
