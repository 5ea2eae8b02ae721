/* SPDX-License-Identifier: MIT */
/*
 * Ways to move a file's content. Each is a struct copy_ops; a transfer is one content on its way.
 */
#ifndef ENGINE_IO_COPY_OPS_H
#define ENGINE_IO_COPY_OPS_H

struct transfer;

/* What `advance` and `complete` return, besides -errno. */
enum transfer_progress {
	TRANSFER_DONE = 0,
	TRANSFER_PARKED, /* waits for the ring */
	TRANSFER_MORE,   /* did a fair share: call advance again */
};

struct copy_ops {
	const char *name;
	/* Goes on as far as a fair share or the ring allows. After an error nothing is in flight.
	 */
	int (*advance)(struct transfer *transfer);
	/* A request whose tag was of this transfer is complete. NULL: it has none. */
	int (*complete)(struct transfer *transfer, unsigned part, int result);
};

/* Lets both files share the data (FICLONE), whole files only. Fails with one of the errors that
 * reflink_is_refusal (io/reflink.h) knows where that can't be done; the target is as before then.
 */
extern const struct copy_ops copy_reflink;
/* Reads what is cached, and the rest through the ring, several chunks at once; plain writes. */
extern const struct copy_ops copy_uring;
/* Goes past the page cache on the sides where that is wanted and can be, several chunks at once.
 * Needs a ring. */
extern const struct copy_ops copy_direct;
/* Lets the kernel copy (copy_file_range), and reads and writes where it refuses. */
extern const struct copy_ops copy_range;
/* Reads and writes. */
extern const struct copy_ops copy_plain;
/* Reads and writes nothing, and counts as if it had. For benchmarks. */
extern const struct copy_ops copy_null;

#endif
