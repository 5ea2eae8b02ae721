/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

#include "io/copy_ops.h"
#include "io/transfer.h"

/* Where the kernel says one of these, it can't copy between these two files at all: two
 * filesystems, a kind of file, a network server (CIFS says ENOENT and EIO). Reading and writing may
 * still do, and if not, tells the real reason. */
static bool is_refusal(int error)
{
	switch (error) {
	case ENOSYS:
	case ENOTTY:
	case EOPNOTSUPP:
	case EINVAL:
	case EBADF:
	case EXDEV:
	case ETXTBSY:
	case EPERM:
	case EACCES:
	case ENOENT:
	case EIO:
		return true;
	default:
		return false;
	}
}

static int copy_plainly(struct transfer *transfer)
{
	transfer->ops = &copy_plain;
	return transfer_advance(transfer);
}

/* 1: some was copied; 0: the kernel has nothing, which it also says of files that it can't copy
 * (procfs, some overlays): reading tells. -errno. */
static int copy_some(struct transfer *transfer, uint64_t until)
{
	loff_t from = (loff_t)transfer->position, to = from;
	uint64_t bytes = until - transfer->position;
	ssize_t copied;

	if (bytes > transfer_share_bytes(transfer))
		bytes = transfer_share_bytes(transfer);
	pace_take(transfer->pace, 0);
	do
		copied = copy_file_range(
			transfer->source_fd, &from, transfer->target_fd, &to, bytes, 0);
	while (copied < 0 && errno == EINTR);
	if (copied < 0)
		return -errno;
	transfer->position += (uint64_t)copied;
	transfer->read_bytes += (uint64_t)copied;
	transfer->accepted_bytes += (uint64_t)copied;
	pace_charge(transfer->pace, (uint64_t)copied);
	return copied > 0;
}

static int range_advance(struct transfer *transfer)
{
	uint64_t until;
	int result = transfer_find_data(transfer, &until);

	if (result) {
		transfer_fail(transfer, NULL, TRANSFER_FAULT_READ, result);
		return result;
	}
	if (transfer->position >= transfer->end)
		return TRANSFER_DONE;
	/* A file that doesn't tell its size is none that the kernel copies. */
	if (transfer->end == UINT64_MAX)
		return copy_plainly(transfer);
	result = copy_some(transfer, until);
	if (!result || (result < 0 && is_refusal(-result)))
		return copy_plainly(transfer);
	if (result < 0)
		transfer_fail(transfer, NULL, TRANSFER_FAULT_WRITE, result);
	return transfer_progress(transfer);
}

const struct copy_ops copy_range = {
	.name = "range",
	.advance = range_advance,
};
