/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include "io/copy_ops.h"
#include "io/reflink.h"
#include "io/transfer.h"

/* FICLONE says so, one way or another, where extents can't be shared: other devices, filesystems
 * without it, swap files, files of differing no-copy-on-write flags. CIFS may say ENOENT or EIO. */
bool reflink_is_refusal(int error)
{
	switch (error) {
	case -EXDEV:
	case -EOPNOTSUPP:
	case -ENOTTY:
	case -ENOSYS:
	case -EINVAL:
	case -EBADF:
	case -EPERM:
	case -EACCES:
	case -ETXTBSY:
	case -ENOENT:
	case -EIO:
		return true;
	default:
		return false;
	}
}

static int reflink_advance(struct transfer *transfer)
{
	if (ioctl(transfer->target_fd, FICLONE, transfer->source_fd)) {
		transfer_fail(transfer, NULL, TRANSFER_FAULT_WRITE, -errno);
		return transfer->error;
	}
	transfer->read_bytes = transfer->end;
	transfer->accepted_bytes = transfer->end;
	transfer->position = transfer->end;
	return TRANSFER_DONE;
}

const struct copy_ops copy_reflink = {
	.name = "reflink",
	.advance = reflink_advance,
};
