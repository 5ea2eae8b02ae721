/* SPDX-License-Identifier: MIT */
#include "io/write_window.h"

#include <errno.h>
#include <fcntl.h>

/*
 * 768 MiB written in blocks of 1 MiB into preallocated space, RAM-backed loop devices with direct
 * I/O, Linux 6.18; medians of three, in seconds (CPU seconds of the writer):
 *
 *                                       xfs                     ext4
 *     buffered, no window               0.97 + 0.54 sync (0.37) 1.61 + 0.41 sync (0.73)
 *     write-back started, not awaited   1.37 + 0.01 (0.25)      0.48 + 0.03 (0.12)
 *     awaited 32 MiB behind, dropped    0.31 + 0.01 (0.06)      0.56 + 0.01 (0.13)
 *     RWF_DONTCACHE                     0.35 + 0.01 (0.06)      0.47 + 0.02 (0.11)
 *
 * Waiting is cheap, because pages that were dropped are soon used again: fresh memory costs more
 * than the device. RWF_DONTCACHE does the same from Linux 6.14 on, where the filesystem has it;
 * since it isn't better, there is one way for all.
 */
#define STEP_BYTES   (8u << 20)
#define BEHIND_BYTES (32u << 20)

static bool is_refusal(int error)
{
	return error == ENOSYS || error == EINVAL || error == ESPIPE || error == EOPNOTSUPP;
}

static int sync_range(
	struct write_window *window, int fd, uint64_t offset, uint64_t bytes, unsigned flags)
{
	int result;

	do
		result = sync_file_range(fd, (off_t)offset, (off_t)bytes, flags);
	while (result && errno == EINTR);
	if (!result)
		return 0;
	window->refused = is_refusal(errno);
	return window->refused ? 0 : -errno;
}

static int start(struct write_window *window, int fd, uint64_t written, uint64_t least_bytes)
{
	uint64_t from = window->started;

	if (written < from + least_bytes)
		return 0;
	window->started = written;
	return sync_range(window, fd, from, written - from, SYNC_FILE_RANGE_WRITE);
}

static int settle(struct write_window *window, int fd, uint64_t behind_bytes, uint64_t least_bytes)
{
	uint64_t from = window->settled, bytes;
	int error;

	if (window->started < from + behind_bytes + least_bytes)
		return 0;
	bytes = window->started - from - behind_bytes;
	window->settled += bytes;
	error = sync_range(window, fd, from, bytes,
		SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
	/* Only a hint: what is still dirty stays. */
	(void)posix_fadvise(fd, (off_t)from, (off_t)bytes, POSIX_FADV_DONTNEED);
	return error;
}

void write_window_begin(struct write_window *window, uint64_t offset)
{
	uint64_t before = BEHIND_BYTES + STEP_BYTES;

	*window = (struct write_window){
		.started = offset,
		.settled = offset > before ? offset - before : 0,
	};
}

int write_window_advance(struct write_window *window, int fd, uint64_t written)
{
	int error = window->refused ? 0 : start(window, fd, written, STEP_BYTES);

	if (error || window->refused)
		return error;
	return settle(window, fd, BEHIND_BYTES, STEP_BYTES);
}

int write_window_end(struct write_window *window, int fd, uint64_t written, bool wait)
{
	int error = window->refused ? 0 : start(window, fd, written, 1);

	if (error || window->refused || !wait)
		return error;
	return settle(window, fd, 0, 1);
}
